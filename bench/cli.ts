import { spawn } from "node:child_process";
import { freePort } from "../src/load/free-port.js";
import { blueGreen } from "../src/spec/define.js";
import { Installation } from "./installation/installation.js";
import { versionOf } from "./installation/system.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";
import { figure, spreadHead, spreadOf, spreadRow } from "./table/spread.js";

const DEFAULTS = { runs: 40, warmup: 5 };
const TO_REACH_MS = 300;

/** `windlass status` as a shell runs it: from before the process is made to its end. */
export async function run(): Promise<BenchResult> {
  const { runs, warmup } = numbers(DEFAULTS);
  const installation = new Installation("cli");
  const status: number[] = [];
  const floor: number[] = [];
  try {
    await installation.start();
    await installation.deploy(versionOf({ label: "1.0.0", port: await freePort(), strategy: blueGreen() }));
    // Alternating, so that a busy moment of the machine hits both.
    for (let n = -warmup; n < runs; n++) {
      const { code, output, ms } = await installation.cli(["status"]);
      if (code !== 0 || !output.includes("1.0.0")) throw new Error(`status ended with ${code}: ${output}`);
      const empty = await emptyProgram();
      if (n < 0) continue;
      status.push(ms);
      floor.push(empty);
    }
  } finally {
    await installation.end();
  }
  const { median, min, p95 } = spreadOf(status);
  return {
    name: "cli",
    figures: {
      statusMs: figure(median),
      statusMsMin: figure(min),
      statusMsP95: figure(p95),
      emptyNodeMs: figure(spreadOf(floor).median),
    },
    reached: median <= TO_REACH_MS,
    lines: [
      spreadHead("ms"),
      spreadRow("windlass status (<= 300, median)", status),
      spreadRow("node -e 0, the floor", floor),
    ],
  };
}

function emptyProgram(): Promise<number> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const child = spawn(process.execPath, ["-e", "0"], { stdio: "ignore" });
    child.once("error", reject);
    child.once("close", () => resolve(performance.now() - begin));
  });
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { buildRig, RigMissing } from "./rig/build.js";

/** Builds what the rig lacks, then runs the stories on it; what is given is handed to vitest. `--build`: only the first. */
async function main(given: readonly string[]): Promise<number> {
  try {
    await buildRig((line) => process.stderr.write(`rig: ${line}\n`));
  } catch (error) {
    if (!(error instanceof RigMissing)) throw error;
    process.stderr.write(`rig: ${error.message}\n`);
    return 3;
  }
  if (given.includes("--build")) return 0;
  // Some stories run the real `windlass`.
  const built = await ended(spawn(process.execPath, ["scripts/build.js", "--if-stale"], { stdio: "inherit" }));
  if (built !== 0) return built;
  const paths =
    given.length === 0 ? ["test/conformance/kubernetes"] : given.map((one) => `test/conformance/kubernetes/${one}`);
  const argv = ["vitest", "run", "--config", "test/conformance/vitest.config.ts", ...paths];
  return ended(spawn("npx", argv, { stdio: ["ignore", "inherit", "inherit"] }));
}

async function ended(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}

process.exitCode = await main(process.argv.slice(2));

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../src/load/free-port.js";
import { type Load, startLoad } from "../src/load/load.js";
import { blueGreen, canary, type ServiceSpec } from "../src/spec/define.js";
import { Installation } from "./installation/installation.js";
import { keyOf, type Version, versionOf } from "./installation/system.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";
import { figure, spreadHead, spreadOf, spreadRow } from "./table/spread.js";

const DEFAULTS = { samples: 200, rollbacks: 30, rate: 200 };
const TO_REACH = { verdictMs: 100, rollbackMs: 1_000 };

/** A bad canary gets half of the requests: one every 10 ms, so that the last one is seen that finely. */
const CANARY: ServiceSpec["strategy"] = canary({
  stages: [{ share: 50, time: { min: "20s", max: "30s" } }],
  keepOld: "0s",
});
const BLUE_GREEN: ServiceSpec["strategy"] = blueGreen({ observe: "500ms", keepOld: "10m" });

interface Scene {
  readonly installation: Installation;
  readonly load: Load;
  readonly version: (label: string, strategy: ServiceSpec["strategy"], variables?: Record<string, string>) => Version;
}

/** How fast a harmful release stops getting requests, and how fast a settled one is taken back. */
export async function run(): Promise<BenchResult> {
  const { samples, rollbacks, rate } = numbers(DEFAULTS);
  const installation = new Installation("rollback");
  const verdictToLast: number[] = [];
  const firstToLast: number[] = [];
  const firstToVerdict: number[] = [];
  const back: number[] = [];
  try {
    await installation.start();
    const port = await freePort();
    const version: Scene["version"] = (label, strategy, variables = {}) =>
      versionOf({ label, port, strategy, variables, replicas: 1, edge: { drain: "2s" } });
    await installation.deploy(version("good", BLUE_GREEN));
    const load = startRequests(`http://127.0.0.1:${port}`, rate);
    try {
      const scene = { installation, load, version };
      for (let n = 1; n <= samples; n++) {
        const sample = await badCanary(scene, n);
        verdictToLast.push(sample.verdictToLast);
        firstToLast.push(sample.firstToLast);
        firstToVerdict.push(sample.firstToVerdict);
        process.stderr.write(`\r${n}/${samples} bad canaries `);
      }
      for (let n = 1; n <= rollbacks; n++) {
        back.push(await settledRollback(scene, n));
        process.stderr.write(`\r${n}/${rollbacks} rollbacks      `);
      }
      process.stderr.write("\n");
    } finally {
      await load.stop();
    }
    const report = await load.stop();
    const verdictP99 = spreadOf(verdictToLast).p99;
    const rollbackP99 = spreadOf(back).p99;
    return {
      name: "rollback",
      figures: {
        verdictToLastRequestMsP99: figure(verdictP99),
        verdictToLastRequestMsMedian: figure(spreadOf(verdictToLast).median),
        firstToLastBadMsP99: figure(spreadOf(firstToLast).p99),
        rollbackMsP99: figure(rollbackP99),
        rollbackMsMedian: figure(spreadOf(back).median),
        samples: verdictToLast.length,
        rollbacks: back.length,
        requests: report.sent,
        failedOtherwise: report.failed,
      },
      reached: verdictP99 <= TO_REACH.verdictMs && rollbackP99 <= TO_REACH.rollbackMs && samples >= DEFAULTS.samples,
      lines: [
        spreadHead("ms"),
        spreadRow("verdict to the last request sent to the bad group (<= 100)", verdictToLast),
        spreadRow("first bad answer to the verdict (guard of 1 s)", firstToVerdict),
        spreadRow("first bad answer to the last one", firstToLast),
        spreadRow("rollback of a settled blue-green to 100 % old (<= 1,000)", back),
        `${report.sent} requests, ${report.failedByDesign} failed by design, ${report.failed} failed otherwise, ${report.shed} shed`,
        ...Object.entries(report.reasons).map(([reason, count]) => `failed: ${count} × ${reason}`),
      ],
    };
  } finally {
    await installation.end();
  }
}

/** One release whose every answer is an error. Its own record says when requests reached it, to the millisecond. */
async function badCanary({ installation, version }: Scene, n: number) {
  const record = path.join(installation.root, `arrivals-${n}`);
  const bad = version(`bad-${n}`, CANARY, { FAIL: "1", ARRIVALS: record });
  const { outcome, events } = await installation.deploy(bad);
  if (outcome !== "rolled-back") throw new Error(`a bad canary ${outcome}`);
  const turned = events.find((event) => event.type === "deployment.turned@1");
  if (turned === undefined || !existsSync(record)) throw new Error("a bad canary had no verdict or no request");
  const verdict = Date.parse(turned.wall);
  const lines = readFileSync(record, "utf8").trim().split("\n");
  const [arrivals, answers] = [0, 1].map((column) => lines.map((line) => Number(line.split(" ")[column])));
  const [firstBad, lastBad] = [Math.min(...(answers ?? [])), Math.max(...(answers ?? []))];
  return {
    // A last request before the verdict is not faster than none after it.
    verdictToLast: Math.max(0, Math.max(...(arrivals ?? [])) - verdict),
    firstToLast: lastBad - firstBad,
    firstToVerdict: verdict - firstBad,
  };
}

/** A release settles, and is taken back through the API as `windlass rollback` does it. Milliseconds from command to last answer. */
async function settledRollback({ installation, load, version }: Scene, n: number): Promise<number> {
  const label = `taken-back-${n}`;
  const good = version(label, BLUE_GREEN);
  const environment = keyOf(good);
  const { outcome } = await installation.deploy(good);
  if (outcome !== "succeeded") throw new Error(`a good release ${outcome}`);
  const { version: since } = await installation.plane.environment(environment);
  await sleep(300);
  const begin = performance.now();
  const preview = await installation.plane.previewRollback(environment, null);
  const deployment = await installation.command(environment, { kind: "rollback", to: preview.to.id, reason: null });
  const settled = await installation.settled(environment, deployment, since);
  if (settled.outcome !== "succeeded") throw new Error(`the rollback ${settled.outcome}`);
  await sleep(300);
  const counts = load.snapshot().perRelease;
  const last = counts[label]?.lastAnsweredAt ?? Number.NaN;
  const now = Math.max(...Object.values(counts).map((one) => one.lastAnsweredAt));
  if (!(now > last)) throw new Error("requests are not answered by the release before");
  return Math.max(0, last - begin);
}

function startRequests(baseUrl: string, ratePerSecond: number): Load {
  return startLoad({
    baseUrl,
    ratePerSecond,
    mix: [
      { name: "read", weight: 8, path: "/" },
      { name: "write", weight: 2, method: "POST", path: "/orders", body: (n: number) => ({ number: n }) },
    ],
    // One name for all bad ones: the books of the load name a bounded number of releases.
    releaseOf: ({ "x-release": release }) =>
      typeof release !== "string" ? null : release.startsWith("bad-") ? "bad" : release,
    byDesign: ({ status, headers }) => status === 500 && String(headers["x-release"]).startsWith("bad-"),
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import type { EventRecord } from "../src/core/model/event.js";
import type { Load } from "../src/load/load.js";
import { wallTime } from "../src/load/report.js";
import { canary, type ServiceSpec } from "../src/spec/define.js";
import { BenchPlane } from "./kubernetes/control-plane.js";
import { realPods } from "./kubernetes/real-pods.js";
import { clusterVersion, keyIn } from "./kubernetes/system.js";
import { watchRoutes } from "./kubernetes/watcher.js";
import { startWebLoad, WEB_HOST } from "./kubernetes/web-load.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";
import { figure, spreadHead, spreadOf, spreadRow } from "./table/spread.js";

const DEFAULTS = { verdicts: 20, aborts: 20, rate: 100 };
const SYSTEM = "bench";
const SERVICE = "web";
const TO_REACH = { verdictToAppliedMs: 1_000, abortSeconds: 2 };
/** How long after an abort nothing more of the canary has to come. */
const QUIET_MS = 5_000;

const CANARY: ServiceSpec["strategy"] = canary({
  stages: [{ share: 50, time: { min: "60s", max: "120s" } }],
  keepOld: "0s",
});

interface Scene {
  readonly plane: BenchPlane;
  readonly load: Load;
  readonly deploy: (label: string, environment?: Readonly<Record<string, string>>) => Promise<string>;
  readonly until: (
    after: number,
    what: (event: EventRecord) => boolean,
  ) => Promise<{ readonly last: EventRecord; readonly all: readonly EventRecord[] }>;
  version(): number;
  /** Weights by backend as the API server told them last, and when. */
  readonly weights: { at: number; backends: number }[];
}

/** How fast a harmful canary loses its weight, and how fast requests end after an abort. */
export async function run(): Promise<BenchResult> {
  const { verdicts, aborts, rate } = numbers(DEFAULTS);
  const pods = await realPods();
  const plane = new BenchPlane();
  const toApplied: number[] = [];
  const toLast: number[] = [];
  const abortSeconds: number[] = [];
  const abortApplied: number[] = [];
  try {
    const { cluster, image } = pods;
    const { name, namespace, metricsUrl: metrics } = cluster.gateway;
    const environment = keyIn(SYSTEM);
    let version = 0;
    const weights: Scene["weights"] = [];
    const watcher = await watchRoutes(cluster.kubeconfig, (_key, { rules }, at) => {
      weights.push({ at, backends: Object.values(rules.at(-1)?.backends ?? {}).filter((one) => one > 0).length });
    });
    await plane.start();
    const deploy = (label: string, variables: Readonly<Record<string, string>> = {}) =>
      plane.deploy(
        environment,
        clusterVersion({
          label,
          system: SYSTEM,
          services: [SERVICE],
          image,
          kubeconfig: cluster.kubeconfig,
          gateway: { name, namespace, metrics },
          service: { ingress: WEB_HOST, strategy: CANARY, replicas: 1, environment: { ...variables } },
        }),
      );
    const until: Scene["until"] = async (after, what) => {
      const all = await plane.until(environment, after, what);
      const last = all.at(-1);
      if (last === undefined) throw new Error("no event");
      version = last.version;
      return { last, all };
    };
    await deploy("good");
    await until(0, finished);
    const load = startWebLoad(cluster.gateway.url, rate, false);
    try {
      const scene: Scene = { plane, load, deploy, until, version: () => version, weights };
      for (let n = 1; n <= verdicts; n++) {
        const sample = await badCanary(scene, n);
        toApplied.push(sample.applied);
        toLast.push(sample.last);
        process.stderr.write(`${n}/${verdicts} verdicts, ${JSON.stringify(sample)}\n`);
      }
      for (let n = 1; n <= aborts; n++) {
        const sample = await aborted(scene, environment, n);
        abortApplied.push(sample.applied);
        abortSeconds.push(sample.last / 1_000);
        process.stderr.write(`${n}/${aborts} aborts, ${JSON.stringify(sample)}\n`);
      }
    } finally {
      await load.stop();
      await watcher.close();
    }
    const report = await load.stop();
    const figures = {
      verdictToAppliedMsP99: figure(spreadOf(toApplied).p99),
      verdictToAppliedMsMedian: figure(spreadOf(toApplied).median),
      verdictToLastRequestMsMax: figure(spreadOf(toLast).max),
      abortSeconds: figure(spreadOf(abortSeconds).max, 3),
      abortSecondsMedian: figure(spreadOf(abortSeconds).median, 3),
      verdicts: toApplied.length,
      aborts: abortSeconds.length,
      requests: report.sent,
      failedOtherwise: report.failed,
    };
    return {
      name: "kubernetes-switch",
      figures,
      reached:
        figures.verdictToAppliedMsP99 <= TO_REACH.verdictToAppliedMs && figures.abortSeconds <= TO_REACH.abortSeconds,
      lines: [
        spreadHead("ms"),
        spreadRow("verdict to the weight at the API server (<= 1,000)", toApplied),
        spreadRow("verdict to the last request sent to the bad group", toLast),
        spreadRow("abort to the weight at the API server", abortApplied),
        spreadRow(
          "abort to the last request sent to the canary (<= 2,000)",
          abortSeconds.map((seconds) => seconds * 1_000),
        ),
        `${report.sent} requests, ${report.failedByDesign} failed by design, ${report.failed} failed otherwise, ${report.shed} shed`,
        ...Object.entries(report.reasons).map(([reason, count]) => `failed: ${count} × ${reason}`),
        ...report.samples.map(
          (one) => `  ${new Date(wallTime(one.sentAt)).toISOString()} ${one.template} ${one.reason}`,
        ),
      ],
    };
  } finally {
    await plane.end();
    await pods.end();
  }
}

/** One release whose every answer is an error, at half of the requests. Milliseconds after the verdict's event. */
async function badCanary(scene: Scene, n: number): Promise<{ applied: number; last: number }> {
  const label = `bad-${n}`;
  await scene.deploy(label, { FAIL: "1" });
  const turned = (await scene.until(scene.version(), ({ type }) => type === "deployment.turned@1")).last;
  const verdict = Date.parse(turned.wall);
  await scene.until(scene.version(), finished);
  return { applied: appliedAfter(scene, verdict), last: lastSent(scene.load, label) - verdict };
}

/** A good canary at half of the requests is aborted by a person. Milliseconds after the command was sent. */
async function aborted(scene: Scene, environment: string, n: number): Promise<{ applied: number; last: number }> {
  const label = `fine-${n}`;
  await scene.deploy(label);
  await scene.until(scene.version(), ({ type }) => type === "stage.observing@1");
  await sleep(1_000);
  const begin = Date.now();
  await scene.plane.command(environment, { kind: "abort", reason: "the benchmark" });
  await scene.until(scene.version(), finished);
  await sleep(Math.max(0, begin + QUIET_MS - Date.now()));
  return { applied: appliedAfter(scene, begin), last: Math.max(0, lastSent(scene.load, label) - begin) };
}

function finished({ type }: EventRecord): boolean {
  return type === "deployment.finished@1";
}

/** When the API server first told a route without the second backend. */
function appliedAfter({ weights }: Scene, since: number): number {
  const found = weights.find(({ at, backends }) => at >= since && backends === 1);
  if (found === undefined) throw new Error("the route was never changed");
  return found.at - since;
}

/** Wall time at which the last request was sent that this release answered. */
function lastSent(load: Load, label: string): number {
  const counts = load.snapshot().perRelease[label];
  if (counts === undefined) throw new Error(`${label} answered nothing`);
  return performance.timeOrigin + counts.lastSentAt;
}

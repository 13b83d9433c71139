import type { EventRecord } from "../src/core/model/event.js";
import { type Report, wallTime } from "../src/load/report.js";
import { blueGreen, canary, rolling, type ServiceSpec } from "../src/spec/define.js";
import { BenchPlane } from "./kubernetes/control-plane.js";
import { realPods } from "./kubernetes/real-pods.js";
import { clusterVersion, keyIn } from "./kubernetes/system.js";
import { startWebLoad, WEB_HOST } from "./kubernetes/web-load.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";
import { spreadHead, spreadRow } from "./table/spread.js";

const DEFAULTS = { deployments: 20, rate: 100 };
const SYSTEM = "bench";
const SERVICE = "web";

const STRATEGIES: readonly { readonly name: string; readonly strategy: ServiceSpec["strategy"] }[] = [
  { name: "rolling", strategy: rolling({ maxSurge: 1, maxUnavailable: 0, observe: "1s" }) },
  { name: "blue-green", strategy: blueGreen({ smoke: ["/ready"], observe: "1s", keepOld: "1s" }) },
  {
    name: "canary",
    strategy: canary({
      stages: [
        { share: 20, time: { min: "1s", max: "20s" } },
        { share: 50, time: { min: "1s", max: "20s" } },
      ],
      keepOld: "1s",
    }),
  },
];

/** Deploys to real pods behind a gateway, again and again under a fixed rate of requests, and accounts for each of them. */
export async function run(): Promise<BenchResult> {
  const { deployments, rate } = numbers(DEFAULTS);
  const pods = await realPods();
  const plane = new BenchPlane();
  const took: Record<string, number[]> = {};
  try {
    const { cluster, image } = pods;
    const { name, namespace, metricsUrl: metrics } = cluster.gateway;
    const environment = keyIn(SYSTEM);
    const version = (n: number) =>
      clusterVersion({
        label: `1.0.${n}`,
        system: SYSTEM,
        services: [SERVICE],
        image,
        kubeconfig: cluster.kubeconfig,
        gateway: { name, namespace, metrics },
        service: { ingress: WEB_HOST, strategy: STRATEGIES[n % STRATEGIES.length]?.strategy },
      });
    let events: readonly EventRecord[] = [];
    const deploy = async (n: number): Promise<void> => {
      const after = events.at(-1)?.version ?? 0;
      const deployment = await plane.deploy(environment, version(n));
      const more = await plane.until(environment, after, ({ type, data }) => {
        return type === "deployment.finished@1" && (data as { deployment: string }).deployment === deployment;
      });
      events = [...events, ...more];
      const { outcome = "not" } = (more.at(-1)?.data ?? {}) as { readonly outcome?: string };
      if (outcome !== "succeeded") throw new Error(`deployment ${n} ${outcome}: ${JSON.stringify(more.slice(-6))}`);
    };
    await plane.start();
    await deploy(0);
    const load = startWebLoad(cluster.gateway.url, rate, true);
    let report: Report;
    try {
      for (let n = 1; n <= deployments; n++) {
        const begin = performance.now();
        await deploy(n);
        const strategy = STRATEGIES[n % STRATEGIES.length]?.name ?? "none";
        took[strategy] = [...(took[strategy] ?? []), performance.now() - begin];
        const { failed, sent } = load.snapshot();
        process.stderr.write(`${n}/${deployments} deployments, ${sent} requests, ${failed} failed\n`);
      }
    } finally {
      report = await load.stop();
    }
    return {
      name: "kubernetes-cutover",
      figures: {
        failedRequests: report.failed,
        deployments,
        requests: report.sent,
        shed: report.shed,
        socketMessages: report.sockets.messages,
        socketsClosedPolitely: report.sockets.closedByServer,
        latencyMsP50: Number(report.latency.p50.toFixed(1)),
        latencyMsP99: Number(report.latency.p99.toFixed(1)),
      },
      reached: report.failed === 0 && report.shed === 0 && deployments >= DEFAULTS.deployments,
      lines: [
        spreadHead("one deployment, ms"),
        ...Object.entries(took).map(([strategy, samples]) => spreadRow(strategy, samples)),
        `requests: ${report.sent} in ${(report.elapsedMs / 1000).toFixed(0)} s, ${report.failed} failed, ${report.shed} shed by the generator`,
        ...Object.entries(report.perTemplate).map(
          ([kind, { sent, answered, failed, latency }]) =>
            `  ${kind.padEnd(8)} ${sent} sent, ${answered} answered, ${failed} failed, p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`,
        ),
        ...failures(report, events),
      ],
    };
  } finally {
    await plane.end();
    await pods.end();
  }
}

/** Each sample with what Windlass did last before it was sent, and before it ended. */
function failures(report: Report, events: readonly EventRecord[]): string[] {
  const before = (at: number): string => {
    const event = events.findLast((one) => Date.parse(one.wall) <= at);
    return event === undefined ? "nothing" : `${event.type} ${(at - Date.parse(event.wall)).toFixed(0)} ms before`;
  };
  return [
    ...Object.entries(report.reasons).map(([reason, count]) => `failed: ${count} × ${reason}`),
    ...report.samples.slice(0, 20).map((one) => {
      const [sent, end] = [wallTime(one.sentAt), wallTime(one.at)];
      return `  ${new Date(sent).toISOString()} ${one.template} ${one.reason} (${one.release}), ${(end - sent).toFixed(0)} ms; sent after ${before(sent)}; ended after ${before(end)}`;
    }),
  ];
}

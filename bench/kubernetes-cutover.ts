import type { EventRecord } from "../src/core/model/event.js";
import type { Report } from "../src/load/report.js";
import { account, failures, requestFigures } from "./cutting/account.js";
import { ways } from "./cutting/strategies.js";
import { BenchPlane } from "./kubernetes/control-plane.js";
import { realPods } from "./kubernetes/real-pods.js";
import { clusterVersion, keyIn } from "./kubernetes/system.js";
import { startWebLoad, WEB_HOST } from "./kubernetes/web-load.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";

const DEFAULTS = { deployments: 20, rate: 100 };
const SYSTEM = "bench";
const SERVICE = "web";

const WAYS = ways("20s");

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
        service: { ingress: WEB_HOST, strategy: WAYS(n).strategy },
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
        const { name: strategy } = WAYS(n);
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
        ...requestFigures(report),
      },
      reached: report.failed === 0 && report.shed === 0 && deployments >= DEFAULTS.deployments,
      lines: [...account(report, took), ...failures(report, events)],
    };
  } finally {
    await plane.end();
    await pods.end();
  }
}

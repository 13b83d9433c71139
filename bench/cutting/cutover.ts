import type { EventRecord } from "../../src/core/model/event.js";
import { freePort } from "../../src/load/free-port.js";
import { type Load, startLoad } from "../../src/load/load.js";
import { type Report, wallTime } from "../../src/load/report.js";
import { blueGreen, canary, rolling, type ServiceSpec } from "../../src/spec/define.js";
import { type EdgeFigure, Installation } from "../installation/installation.js";
import { keyOf, type Version, versionOf } from "../installation/system.js";
import type { BenchResult } from "../result.js";
import { spreadHead, spreadRow } from "../table/spread.js";

/** Longer than any request, and shorter than the long WebSockets: the service closes those itself. */
const DRAIN = "6s";

const STRATEGIES: readonly { readonly name: string; readonly strategy: ServiceSpec["strategy"] }[] = [
  { name: "rolling", strategy: rolling({ maxSurge: 1, maxUnavailable: 0, observe: "1s" }) },
  { name: "blue-green", strategy: blueGreen({ smoke: ["/ready"], observe: "1s", keepOld: "1s" }) },
  {
    name: "canary",
    strategy: canary({
      stages: [
        { share: 20, time: { min: "1s", max: "10s" } },
        { share: 50, time: { min: "1s", max: "10s" } },
      ],
      keepOld: "1s",
    }),
  },
];

export interface CutoverOptions {
  /** Of the benchmark. */
  readonly name: string;
  readonly deployments: number;
  /** Requests per second. */
  readonly rate: number;
  /** Fewer deployments prove nothing. */
  readonly atLeast: number;
  /** Id of the image that replicas run; absent: they are processes. */
  readonly image?: string;
}

/** Deploys again and again under a fixed rate of requests, and accounts for every one of them. */
export async function cutOver({ name, deployments, rate, atLeast, image }: CutoverOptions): Promise<BenchResult> {
  const installation = new Installation(name);
  const took: Record<string, number[]> = {};
  let report: Report;
  let figures: readonly EdgeFigure[];
  let events: readonly EventRecord[];
  try {
    await installation.start();
    const port = await freePort();
    const version = (n: number): Version =>
      versionOf({
        label: `1.0.${n}`,
        port,
        strategy: STRATEGIES[n % STRATEGIES.length]?.strategy,
        edge: { drain: DRAIN },
        ...(image === undefined ? {} : { image }),
      });
    await installation.deploy(version(0));
    const load = startRequests(`http://127.0.0.1:${port}`, rate);
    try {
      for (let n = 1; n <= deployments; n++) {
        const strategy = STRATEGIES[n % STRATEGIES.length]?.name ?? "none";
        const begin = performance.now();
        const { outcome } = await installation.deploy(version(n));
        if (outcome !== "succeeded") throw new Error(`deployment ${n} (${strategy}) ${outcome}`);
        took[strategy] = [...(took[strategy] ?? []), performance.now() - begin];
        const { failed, sent } = load.snapshot();
        process.stderr.write(`\r${n}/${deployments} deployments, ${sent} requests, ${failed} failed `);
      }
      process.stderr.write("\n");
      report = await load.stop();
    } finally {
      await load.stop(0);
    }
    figures = await installation.edgeFigures();
    events = await installation.plane.history(keyOf(version(0)), 0, 100_000);
  } finally {
    await installation.end();
  }
  const sum = (figure: string) => figures.reduce((total, one) => total + (one.name === figure ? one.value : 0), 0);
  const edgeRetries = sum("windlass_edge_retries_total");
  const generatorErrors = report.shed;
  return {
    name,
    figures: {
      failedRequests: report.failed,
      deployments,
      requests: report.sent,
      edgeRetries,
      edgeHeld: sum("windlass_edge_held_total"),
      edgeUnserved: sum("windlass_edge_unserved_total"),
      shed: report.shed,
      socketMessages: report.sockets.messages,
      socketsClosedPolitely: report.sockets.closedByServer,
      latencyMsP50: Number(report.latency.p50.toFixed(1)),
      latencyMsP99: Number(report.latency.p99.toFixed(1)),
    },
    reached: report.failed === 0 && report.sent > 0 && generatorErrors === 0 && deployments >= atLeast,
    lines: [
      ...table(report, took),
      `the edge: ${edgeRetries} retries of its own; from header to end of answer, 98 % (without the slow ones) took at most ${edgeP98(figures)} ms`,
      ...failures(report, events),
    ],
  };
}

/** The upper bound of the histogram's bucket: what the edge saw, without what the generator waited for its turn. */
function edgeP98(figures: readonly EdgeFigure[]): number {
  const buckets = new Map<number, number>();
  for (const { name, labels, value } of figures) {
    const bound = /le="([^"]+)"/.exec(labels)?.[1];
    if (name !== "windlass_edge_request_duration_seconds_bucket" || bound === undefined) continue;
    const seconds = bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
    buckets.set(seconds, (buckets.get(seconds) ?? 0) + value);
  }
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const all = sorted.at(-1)?.[1] ?? 0;
  return (sorted.find(([, count]) => count >= 0.98 * all)?.[0] ?? Number.NaN) * 1_000;
}

/** 20 % POST, 1 % answered after 2 s, 0.5 % WebSockets of 3 and 20 s. Nothing is accepted but the status that is right. */
function startRequests(baseUrl: string, ratePerSecond: number): Load {
  return startLoad({
    baseUrl,
    ratePerSecond,
    connections: 256,
    mix: [
      { name: "read", weight: 785, path: "/", accepts: ({ status }) => status === 200 },
      {
        name: "write",
        weight: 200,
        method: "POST",
        path: "/orders",
        body: (n: number) => ({ number: n, text: "x".repeat(200) }),
        accepts: ({ status }) => status === 201,
      },
      { name: "slow", weight: 10, path: "/slow", accepts: ({ status }) => status === 200 },
      {
        kind: "websocket",
        name: "socket",
        weight: 4,
        path: "/echo",
        holdMs: 3_000,
        message: "still there?",
        everyMs: 250,
      },
      {
        kind: "websocket",
        name: "long socket",
        weight: 1,
        path: "/echo",
        holdMs: 20_000,
        message: "and now?",
        everyMs: 1_000,
      },
    ],
    releaseOf: (headers) => (typeof headers["x-release"] === "string" ? headers["x-release"] : null),
  });
}

function table(report: Report, took: Readonly<Record<string, readonly number[]>>): string[] {
  const kinds = Object.entries(report.perTemplate).map(
    ([name, { sent, answered, failed, latency }]) =>
      `  ${name.padEnd(11)} ${String(sent).padStart(8)} sent ${String(answered).padStart(8)} answered ${String(failed).padStart(5)} failed   p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms, max ${latency.max.toFixed(0)} ms`,
  );
  const { messages, echoes, closedByServer } = report.sockets;
  return [
    spreadHead("one deployment, ms"),
    ...Object.entries(took).map(([name, samples]) => spreadRow(name, samples)),
    `requests: ${report.sent} in ${(report.elapsedMs / 1000).toFixed(0)} s, ${report.failed} failed, ${report.shed} shed by the generator`,
    ...kinds,
    `  WebSockets: ${messages} messages, ${echoes} echoes, ${closedByServer} closed politely by the service`,
  ];
}

/** Each sample with what Windlass did last before it was sent, and before it ended. */
function failures(report: Report, events: readonly EventRecord[]): string[] {
  const before = (at: number) => {
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

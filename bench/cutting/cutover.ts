import type { EventRecord } from "../../src/core/model/event.js";
import { freePort } from "../../src/load/free-port.js";
import { type Load, startLoad } from "../../src/load/load.js";
import type { Report } from "../../src/load/report.js";
import { type EdgeFigure, Installation } from "../installation/installation.js";
import { keyOf, type Version, versionOf } from "../installation/system.js";
import type { BenchResult } from "../result.js";
import { account, failures, requestFigures } from "./account.js";
import { ways } from "./strategies.js";

/** Longer than any request, and shorter than the long WebSockets: the service closes those itself. */
const DRAIN = "6s";

const WAYS = ways("10s");

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
        strategy: WAYS(n).strategy,
        edge: { drain: DRAIN },
        ...(image === undefined ? {} : { image }),
      });
    await installation.deploy(version(0));
    const load = startRequests(`http://127.0.0.1:${port}`, rate);
    try {
      for (let n = 1; n <= deployments; n++) {
        const { name: strategy } = WAYS(n);
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
      ...requestFigures(report),
      edgeRetries,
      edgeHeld: sum("windlass_edge_held_total"),
      edgeUnserved: sum("windlass_edge_unserved_total"),
    },
    reached: report.failed === 0 && report.sent > 0 && generatorErrors === 0 && deployments >= atLeast,
    lines: [
      ...account(report, took),
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

import { setMaxListeners } from "node:events";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { type Arrival, startArrivals } from "./arrivals.js";
import { sendRequest } from "./http-request.js";
import { createMix } from "./mix.js";
import type { Counts, Report } from "./report.js";
import { type Ending, Tally } from "./tally.js";
import type { Answer, AnswerHeaders, HttpTemplate, RequestTemplate, SocketTemplate } from "./template.js";
import { holdSocket } from "./websocket.js";

export interface LoadOptions {
  /** `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  readonly ratePerSecond: number;
  readonly mix: readonly RequestTemplate[];
  /** Keep-alive connections at most; a request waits for a free one, and its latency says so. Default 64. */
  readonly connections?: number;
  /** Requests without an answer at most; more are shed and counted. Default 4096. */
  readonly maxOutstanding?: number;
  /** A request without an answer fails after this. Default 30 s. */
  readonly timeoutMs?: number;
  /** Names the release that answered. Default: `x-windlass-group`, else `x-release`. */
  readonly releaseOf?: (headers: AnswerHeaders) => string | null;
  /** Whether an answer that is not accepted is the harmful release's own error. Default: none is. */
  readonly byDesign?: (answer: Answer) => boolean;
}

export interface Load {
  snapshot(): Counts;
  /** No new requests; those that run may finish for `drainMs` (default 10 s), then they count as failed. */
  stop(drainMs?: number): Promise<Report>;
}

/**
 * Sends a mix of requests at a fixed rate, however the server does (open loop), and accounts for every one.
 * It is a measuring instrument: docs/decisions/0006-load.md says why it is not autocannon.
 */
export function startLoad(options: LoadOptions): Load {
  const { baseUrl, connections = 64, maxOutstanding = 4096, timeoutMs = 30_000 } = options;
  const { releaseOf = releaseHeader, byDesign = () => false } = options;
  const { origin } = new URL(baseUrl);
  const pick = createMix(options.mix);
  const tally = new Tally(
    options.mix.map((template) => template.name),
    performance.now(),
  );
  const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connect: { timeout: timeoutMs } };
  const client = new Agent({ connections, pipelining: 1, ...timeouts });
  // Sockets have connections of their own: held ones would take those of the requests.
  const sockets = new Agent(timeouts);
  const ending = new AbortController();
  const closing = new AbortController();
  // Every request in flight listens.
  setMaxListeners(0, ending.signal, closing.signal);

  const judge = (answer: Answer, template: HttpTemplate): Ending => {
    const accepted = template.accepts?.(answer) ?? (answer.status >= 200 && answer.status < 400);
    const verdict = accepted ? "good" : byDesign(answer) ? "by-design" : "failed";
    return { kind: "answered", verdict, reason: `status ${answer.status}` };
  };

  const request = async (template: HttpTemplate, { number, dueAt }: Arrival) => {
    const sentAt = performance.now();
    const { answer, bytes, reason } = await sendRequest(template, number, client, origin, ending.signal);
    const at = performance.now();
    const release = answer === null ? "none" : (releaseOf(answer.headers) ?? "none");
    const end: Ending = answer === null ? { kind: "unanswered", reason } : judge(answer, template);
    tally.end({ template: template.name, release, dueAt, sentAt, at, bytes, ending: end });
  };

  const socket = async (template: SocketTemplate, { number, dueAt }: Arrival) => {
    const sentAt = performance.now();
    const end = { close: closing.signal, abandon: ending.signal };
    const held = await holdSocket(template, number, sockets, origin, end, tally.sockets);
    const at = performance.now();
    const { reason, bytes } = held;
    const outcome: Ending = held.good ? { kind: "held", reason } : { kind: "unanswered", reason };
    tally.end({ template: template.name, release: "none", dueAt, sentAt, at, bytes, ending: outcome });
  };

  const running = new Set<Promise<void>>();
  const stopArrivals = startArrivals(options.ratePerSecond, (arrival) => {
    if (tally.outstanding >= maxOutstanding) return tally.shed();
    const template = pick();
    tally.send(template.name);
    const one = template.kind === "websocket" ? socket(template, arrival) : request(template, arrival);
    running.add(one);
    void one.finally(() => running.delete(one));
  });

  let report: Promise<Report> | null = null;
  const finish = async (drainMs: number): Promise<Report> => {
    stopArrivals();
    closing.abort();
    const late = new AbortController();
    const all = Promise.all(running);
    await Promise.race([all, sleep(drainMs, undefined, { signal: late.signal }).catch(ignoreAbort)]);
    late.abort();
    ending.abort();
    await Promise.all([client.destroy(), sockets.destroy(), all]);
    return tally.report(performance.now());
  };
  return {
    snapshot: () => tally.counts(performance.now()),
    stop: (drainMs = 10_000) => {
      report ??= finish(drainMs);
      return report;
    },
  };
}

function releaseHeader(headers: AnswerHeaders): string | null {
  const value = headers["x-windlass-group"] ?? headers["x-release"];
  return typeof value === "string" ? value : null;
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}

import type { EventRecord } from "../../src/core/model/event.js";
import { type Report, wallTime } from "../../src/load/report.js";
import { spreadHead, spreadRow } from "../table/spread.js";

/** What every cut-over says of the requests that were sent meanwhile. */
export function requestFigures(report: Report) {
  return {
    requests: report.sent,
    shed: report.shed,
    socketMessages: report.sockets.messages,
    socketsClosedPolitely: report.sockets.closedByServer,
    latencyMsP50: Number(report.latency.p50.toFixed(1)),
    latencyMsP99: Number(report.latency.p99.toFixed(1)),
  };
}

/** `took`: milliseconds of each deployment, by strategy. */
export function account(report: Report, took: Readonly<Record<string, readonly number[]>>): readonly string[] {
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
export function failures(report: Report, events: readonly EventRecord[]): readonly string[] {
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

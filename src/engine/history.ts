import { byTime } from "../core/analysis/by-time.js";
import type { Block } from "../core/model/judgement.js";
import type { RolloutWatch } from "./rollout-watch.js";

/** How far back a service is learned before its rollout. */
export const HISTORY_MS = 3_600_000;

/** The seconds that a watch has to be shown when it begins, or goes on after a restart; ends exclusive. */
export interface Span {
  readonly from: number;
  /** From here on every second is shown, also those without blocks. */
  readonly judgedFrom: number;
  readonly to: number;
  /** An analysis goes on that has everything up to `from` in it. */
  readonly goesOn: boolean;
}

/**
 * `seen` is the last second that the watch's analysis has in it; null: it begins. Guards look at everything since the
 * new group gets requests, so that is read again in any case.
 */
export function spanOf(startedAt: number, since: number | null, seen: number | null, to: number): Span {
  const judgedFrom = since === null ? to : Math.min(to, secondOf(since));
  const from = Math.min(seen === null ? secondOf(startedAt) - HISTORY_MS : seen + 1_000, judgedFrom);
  return { from: Math.max(0, from), judgedFrom, to, goesOn: seen !== null };
}

/** Shows a watch what the series have of a span; returns how many seconds had blocks. */
export function show(watch: RolloutWatch, blocks: readonly Block[], { judgedFrom, to, goesOn }: Span): number {
  const seconds = new Map(byTime(blocks));
  const times = [...seconds.keys()];
  for (const at of times) if (at < judgedFrom) watch.feed(at, seconds.get(at));
  // Where the series begin later (they are bounded, or were lost), so does what can be said.
  const reachBack = goesOn || (times[0] ?? to) < judgedFrom;
  const from = reachBack ? judgedFrom : (times[0] ?? to);
  for (let at = from; at < to; at += 1_000) watch.feed(at, seconds.get(at));
  return times.length;
}

function secondOf(at: number): number {
  return Math.floor(at / 1_000) * 1_000;
}

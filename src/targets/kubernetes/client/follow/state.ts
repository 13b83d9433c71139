import type { InformerTimings } from "../api.js";
import { backoff } from "../wire/retry.js";

/** How far an informer is; what it holds stands in its store. */
export interface FollowState {
  /** Where a watch goes on; null: the whole list is needed. */
  readonly version: string | null;
  /** When the last whole list was complete. */
  readonly listedAt: number | null;
  /** Failures in a row: 0 while it follows. */
  readonly failures: number;
}

/** How a watch came to its end. `expired`: the server no longer has the version (410). */
export type WatchEnd = "closed" | "idle" | "expired" | "failed" | "resync";

export type Heard =
  | { readonly type: "listed"; readonly version: string; readonly now: number }
  | { readonly type: "list-failed" }
  /** An event or a bookmark. */
  | { readonly type: "heard"; readonly version: string }
  | { readonly type: "watch-ended"; readonly how: WatchEnd; readonly livedMs: number };

export type Step =
  | { readonly do: "list"; readonly afterMs: number }
  | { readonly do: "watch"; readonly afterMs: number; readonly version: string; readonly resyncInMs: number };

export const STARTING: FollowState = { version: null, listedAt: null, failures: 0 };

/** A watch that lived so long was a good one, even when nothing happened in it. */
const GOOD_MS = 5_000;

export function follow(state: FollowState, heard: Heard): FollowState {
  switch (heard.type) {
    case "listed":
      // The failures stand until a watch works: a server that lists and refuses every watch is not asked in a loop.
      return { ...state, version: heard.version, listedAt: heard.now };
    case "list-failed":
      // Pages of an expired list are of no use: it begins again.
      return { ...state, version: null, failures: state.failures + 1 };
    case "heard":
      return { ...state, version: later(state.version, heard.version), failures: 0 };
    case "watch-ended":
      return watchEnded(state, heard.how, heard.livedMs);
  }
}

function watchEnded(state: FollowState, how: WatchEnd, livedMs: number): FollowState {
  const good = livedMs >= GOOD_MS;
  const failures = good ? 0 : state.failures + 1;
  switch (how) {
    case "resync":
      return { ...state, version: null, failures: 0 };
    case "expired":
      return { ...state, version: null, failures: state.failures + 1 };
    case "failed":
      return { ...state, failures: state.failures + 1 };
    case "closed":
    case "idle":
      return { ...state, failures };
  }
}

export function nextStep(state: FollowState, now: number, timings: InformerTimings, random: number): Step {
  const [first, longest] = timings.backoffMs;
  const afterMs = state.failures === 0 ? 0 : backoff(state.failures, random, first, longest);
  const resyncInMs = state.listedAt === null ? 0 : state.listedAt + timings.resyncMs - now;
  if (state.version === null || resyncInMs <= 0) return { do: "list", afterMs };
  return { do: "watch", afterMs, version: state.version, resyncInMs };
}

/**
 * Events that come out of order do not move the version back. Versions are numbers in every server there is, but the
 * API only promises that since 1.35: others are taken as they come.
 */
export function later(held: string | null, heard: string): string {
  return held !== null && isOlder(heard, held) ? held : heard;
}

/** Whether one version is certainly older than the other. */
export function isOlder(version: string, than: string): boolean {
  if (!NUMBER.test(version) || !NUMBER.test(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

const NUMBER = /^[1-9][0-9]*$/;

import type { SignalSecond } from "../core/analysis/second.js";
import type { EnvironmentKey, GroupId } from "../core/model/intent.js";
import type { CompiledSignal } from "../spec/compiled.js";

/** What a polled signal is measured of: one rollout of one service. */
export interface ProbeSubject {
  readonly environment: EnvironmentKey;
  readonly service: string;
  readonly signal: CompiledSignal;
  /** Null: nothing to compare with. */
  readonly stable: GroupId | null;
  readonly canary: GroupId;
}

/**
 * No data and no answer are different: the first is about the service, the second about the source (rule 7). Sentences
 * go behind "<signal>: " and hold no secret.
 */
export type Measurement =
  /**
   * Counts of intervals that are over, oldest first; `at` is engine time, an interval ends with the look that gives it.
   * Counters that began anew count from zero. No interval: the source answered, and there is nothing to count from
   * yet (the first look at counters), or one replica is still to be heard of. `stable` is empty where it is not measured.
   */
  | { readonly kind: "data"; readonly intervals: readonly SignalSecond[] }
  /** The source answered, and knows nothing of the new group. */
  | { readonly kind: "no-data"; readonly sentence: string }
  /**
   * One look without an answer. Nothing is lost of cumulative counts: the next interval spans it, if it comes within
   * `staleMs` of the last. A caller may wait as long before it calls a row of these a provider's error.
   */
  | { readonly kind: "no-answer"; readonly sentence: string };

/** One signal of one rollout; remembers where its counters stood. */
export interface SignalProbe {
  /**
   * One look. Called every `everyMs`, with a `now` (engine time) that rises, never twice at a time. Resolves within
   * `timeoutMs` and half a second, whatever the source does, and soon after `abort`. Never rejects.
   */
  measure(now: number, abort: AbortSignal): Promise<Measurement>;
  /** Ends a look that is under way; looks after it are `no-answer`. */
  close(): Promise<void>;
}

/** Signals that the target does not count itself. */
export interface SignalProvider {
  /**
   * Begin it when the new group is to get traffic: counts from before do not count. A probe that was begun again after
   * a crash counts from there. Throws for a bug of the caller only.
   */
  begin(subject: ProbeSubject): SignalProbe;
}

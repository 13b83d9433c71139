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

/** No data and no answer are different: the first is about the service, the second about the source (rule 7). */
export type Measurement =
  /** Counts of intervals that are over, oldest first; `at` is engine time. Counters that began anew count from zero. */
  | { readonly kind: "data"; readonly intervals: readonly SignalSecond[] }
  | { readonly kind: "no-data"; readonly sentence: string }
  | { readonly kind: "no-answer"; readonly sentence: string };

/** One signal of one rollout; remembers where its counters stood. */
export interface SignalProbe {
  /** Called every `everyMs`, never twice at a time; resolves within `timeoutMs` and a little, whatever the source does. Never rejects. */
  measure(now: number, abort: AbortSignal): Promise<Measurement>;
  close(): Promise<void>;
}

/** Signals that the target does not count itself. */
export interface SignalProvider {
  begin(subject: ProbeSubject): SignalProbe;
}

import type { GroupId } from "./intent.js";

export type Verdict = "pass" | "fail" | "inconclusive" | "no-data" | "provider-error";

/** What one replica answered in one second of engine time. The unit of every signal. */
export interface Block {
  /** Engine milliseconds, a multiple of 1,000: the start of the second. */
  readonly at: number;
  readonly group: GroupId;
  readonly replica: string;
  readonly total: number;
  /** 5xx answers and upstream failures that reached a client. */
  readonly errors: number;
  readonly slow: number;
  readonly restarts: number;
  /** How many requests fell into each bucket of `core/analysis/latency.ts`, by its index; absent: not measured. */
  readonly latencies?: Readonly<Record<number, number>>;
}

export interface SignalCounts {
  readonly bad: number;
  readonly total: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What a sequential comparison found so far. Shares are 0..1; evidence is the natural logarithm of an e-value. */
export interface ComparisonEvidence {
  /** Share of false alarms (α) and of false passes (β) that this signal may spend. */
  readonly level: { readonly fail: number; readonly pass: number };
  readonly margin: { readonly fail: number; readonly pass: number };
  /** Now; the verdict was reached when it once was at `needed`. */
  readonly evidence: { readonly fail: number; readonly pass: number };
  readonly needed: { readonly fail: number; readonly pass: number };
  /** Valid at every second at once, with probability 0.95 each. */
  readonly rates: { readonly stable: Interval | null; readonly canary: Interval; readonly difference: Interval | null };
  /** Seconds in which both groups had requests. */
  readonly seconds: number;
  /** Requests to replicas that were still warming up are not compared. */
  readonly warmUp: { readonly ms: number; readonly requests: number };
  /** One request of real traffic counts as 1 / discount independent ones; 1: it does not burst. */
  readonly discount: number;
  /** Of a signal about latency: a request slower than this is bad. */
  readonly slowerThanMs: number | null;
  /** What it would take to decide, as a sentence. */
  readonly outlook: string;
}

export interface SignalJudgement {
  readonly signal: string;
  readonly verdict: Verdict;
  readonly canary: SignalCounts;
  readonly stable: SignalCounts | null;
  /** One sentence for a person: what was compared with what. */
  readonly sentence: string;
  /** Of a comparison; a guard has none. */
  readonly comparison?: ComparisonEvidence;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly signals: readonly SignalJudgement[];
  readonly sentence: string;
}

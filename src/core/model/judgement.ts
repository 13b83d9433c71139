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
}

export interface SignalCounts {
  readonly bad: number;
  readonly total: number;
}

export interface SignalJudgement {
  readonly signal: string;
  readonly verdict: Verdict;
  readonly canary: SignalCounts;
  readonly stable: SignalCounts | null;
  /** One sentence for a person: what was compared with what. */
  readonly sentence: string;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly signals: readonly SignalJudgement[];
  readonly sentence: string;
}

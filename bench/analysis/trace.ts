/** One replica's requests and bad ones, second by second. */
export interface Column {
  readonly total: Uint16Array;
  readonly bad: Uint16Array;
}

/** What a detector is shown: `history` seconds of stable alone (canary all zero), then the rollout. */
export interface Trace {
  readonly name: string;
  readonly seed: number;
  readonly history: number;
  readonly seconds: number;
  readonly stable: readonly Column[];
  readonly canary: readonly Column[];
}

/** A decision rule on a trace: the second of the rollout (from 1) after which it decides, or null. */
export interface Decision {
  readonly verdict: "fail" | "pass";
  readonly second: number;
}

import type { Column, Trace } from "../trace.js";

/** Requests of one group, second by second of the rollout. */
export interface Counts {
  readonly bad: Float64Array;
  readonly total: Float64Array;
}

/** What the rivals look at: groups, not replicas, and nothing from before the rollout. */
export interface Rollout {
  readonly seconds: number;
  readonly stable: Counts;
  readonly canary: Counts;
}

/** A decision rule of another tool, with all settings of its parameters judged in one pass over a rollout. */
export interface Rival {
  readonly name: string;
  /** In words, for a legend. */
  readonly what: string;
  /** Used as its makers advise; the others are shown, but nothing is measured against them. */
  readonly advised: boolean;
  /** In words, in the order of `decide`. */
  readonly settings: readonly string[];
  /** The setting of the tool's own code or example; of one that is not advised, the nearest to it. */
  readonly published: number;
  /** For each setting the second (from 1) after which it fails the canary; 0: it never does. */
  decide(rollout: Rollout): Int32Array;
}

export function rolloutOf(trace: Trace): Rollout {
  const group = (columns: readonly Column[]): Counts => {
    const bad = new Float64Array(trace.seconds);
    const total = new Float64Array(trace.seconds);
    for (const column of columns)
      for (let i = 0; i < trace.seconds; i++) {
        bad[i] = (bad[i] ?? 0) + (column.bad[trace.history + i] ?? 0);
        total[i] = (total[i] ?? 0) + (column.total[trace.history + i] ?? 0);
      }
    return { bad, total };
  };
  return { seconds: trace.seconds, stable: group(trace.stable), canary: group(trace.canary) };
}

/** The share of bad requests in each whole window of so many seconds; NaN where there were none. */
export function windowShares({ bad, total }: Counts, length: number): Float64Array {
  const shares = new Float64Array(Math.floor(total.length / length));
  for (let w = 0; w < shares.length; w++) {
    let k = 0;
    let n = 0;
    for (let i = w * length; i < (w + 1) * length; i++) {
      k += bad[i] ?? 0;
      n += total[i] ?? 0;
    }
    shares[w] = n === 0 ? Number.NaN : k / n;
  }
  return shares;
}

import type { Block } from "../core/model/judgement.js";
import type { BadShares } from "./requests.js";

export interface Measured {
  readonly requestsPerSecond: number;
  readonly base: BadShares;
}

/** Where nothing was measured: one error in a thousand, and one slow request in a hundred. */
export const BASE: BadShares = { errors: 0.001, slow: 0.01 };
/** Fewer requests say nothing about how many are bad. */
const ENOUGH = 1_000;

/** What a service answered in `[from, to)`, over all its groups. Null: nothing. */
export function measured(blocks: readonly Block[], from: number, to: number): Measured | null {
  let total = 0;
  let errors = 0;
  let slow = 0;
  let first = to;
  for (const block of blocks) {
    total += block.total;
    errors += block.errors;
    slow += block.slow;
    if (block.total > 0) first = Math.min(first, Math.max(from, block.at));
  }
  if (total === 0 || first >= to) return null;
  return {
    requestsPerSecond: (total * 1000) / (to - first),
    base:
      total < ENOUGH
        ? BASE
        : { errors: Math.max(errors, 0.5) / total, slow: slow === 0 ? BASE.slow : Math.min(0.5, slow / total) },
  };
}

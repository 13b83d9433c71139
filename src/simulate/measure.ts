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

/** A learned threshold is above stable's 95th percentile. */
const MOST_SLOW = 0.04;
/** So many of the last blocks count. */
const BLOCKS = 60;

/** What a service answers, over all its groups, from the last times at which it was counted. Null: never. */
export function measured(blocks: readonly Block[], blockMs: number): Measured | null {
  const times = [...new Set(blocks.filter(({ total }) => total > 0).map(({ at }) => at))].sort((a, b) => a - b);
  // Who counts began and ended somewhere within the first and the last one.
  const whole = new Set((times.length > 2 ? times.slice(1, -1) : times).slice(-BLOCKS));
  let total = 0;
  let errors = 0;
  let slow = 0;
  for (const block of blocks) {
    if (!whole.has(block.at)) continue;
    total += block.total;
    errors += block.errors;
    slow += block.slow;
  }
  if (total === 0) return null;
  const requestsPerSecond = (total * 1000) / (whole.size * blockMs);
  if (total < ENOUGH) return { requestsPerSecond, base: BASE };
  const base = {
    errors: Math.min(0.5, Math.max(errors, 0.5) / total),
    slow: slow === 0 ? BASE.slow : Math.min(MOST_SLOW, slow / total),
  };
  return { requestsPerSecond, base };
}

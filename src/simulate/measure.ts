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

/**
 * What a service answers, over all its groups: in the last {@link BLOCKS} blocks of time in which it was counted, also the
 * ones without requests. Null: never.
 */
export function measured(blocks: readonly Block[], blockMs: number): Measured | null {
  const times = [...new Set(blocks.filter(({ total }) => total > 0).map(({ at }) => at))].sort((a, b) => a - b);
  // Who counts began and ended somewhere within the first and the last one.
  const whole = times.length > 2 ? times.slice(1, -1) : times;
  const last = whole.at(-1);
  if (last === undefined) return null;
  const first = Math.max(whole[0] ?? last, last - (BLOCKS - 1) * blockMs);
  let total = 0;
  let errors = 0;
  let slow = 0;
  for (const block of blocks) {
    if (block.at < first || block.at > last) continue;
    total += block.total;
    errors += block.errors;
    slow += block.slow;
  }
  const requestsPerSecond = (total * 1000) / (last - first + blockMs);
  if (total < ENOUGH) return { requestsPerSecond, base: BASE };
  const base = {
    errors: Math.min(0.5, Math.max(errors, 0.5) / total),
    slow: slow === 0 ? BASE.slow : Math.min(MOST_SLOW, slow / total),
  };
  return { requestsPerSecond, base };
}

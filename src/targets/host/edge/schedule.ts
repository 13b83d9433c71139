/** Weights are percentages, so a schedule has this many slots. */
export const SLOTS = 100;
/** Slots change places only with others of their stretch, so that a group's requests stay spread out. */
const STRETCH = 10;

/**
 * Deals the slots of `weights` (integers that sum to 100, by index of group): smooth weighted round robin, so 90/10 gives
 * one of about ten requests to the second group rather than ten in a row. Within each stretch of ten the order is shuffled,
 * always the same way: clients that ask in a fixed rhythm would otherwise show a canary only every tenth kind of
 * request. Dealt cyclically, any 100 consecutive requests hold each slot exactly once, wherever they begin: the weights
 * are exact, not a likelihood. Empty weights give an empty schedule.
 */
export function scheduleOf(weights: readonly number[]): Uint8Array {
  return shuffleStretches(deal(weights));
}

function deal(weights: readonly number[]): Uint8Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) return new Uint8Array(0);
  const slots = new Uint8Array(SLOTS);
  const credit = weights.map(() => 0);
  for (let slot = 0; slot < SLOTS; slot++) {
    let best = -1;
    for (let group = 0; group < weights.length; group++) {
      const weight = weights[group] ?? 0;
      if (weight === 0) continue;
      credit[group] = (credit[group] ?? 0) + weight;
      if (best === -1 || (credit[group] ?? 0) > (credit[best] ?? 0)) best = group;
    }
    credit[best] = (credit[best] ?? 0) - sum;
    slots[slot] = best;
  }
  return slots;
}

/** Fisher-Yates in each stretch, by a linear congruential generator with a fixed start (Numerical Recipes' constants). */
function shuffleStretches(slots: Uint8Array): Uint8Array {
  let random = 1;
  for (let from = 0; from < slots.length; from += STRETCH) {
    for (let last = Math.min(STRETCH, slots.length - from) - 1; last > 0; last--) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const other = from + Math.floor((random / 2 ** 32) * (last + 1));
      const held = slots[from + last] ?? 0;
      slots[from + last] = slots[other] ?? 0;
      slots[other] = held;
    }
  }
  return slots;
}

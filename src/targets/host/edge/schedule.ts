/** Weights are percentages, so a schedule has this many slots. */
export const SLOTS = 100;

/**
 * Deals the slots of `weights` (integers that sum to 100, by index of group) evenly: smooth weighted round robin, so
 * 90/10 gives every tenth request to the second group rather than ten in a row. Dealt cyclically, any 100 consecutive
 * requests hold each slot exactly once, wherever they begin: the weights are exact, not a likelihood.
 * Empty weights give an empty schedule.
 */
export function scheduleOf(weights: readonly number[]): Uint8Array {
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

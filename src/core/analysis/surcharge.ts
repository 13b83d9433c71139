/** For so long traffic is learned; what was not learned is charged. */
const LEARNING_MS = 45 * 60_000;

export interface Slopes {
  readonly steep: number;
  readonly flat: number;
  /** Of traffic that nobody has seen yet: the charge, and how long a canary has to be out until it is charged in full. */
  readonly unlearned: { readonly most: number; readonly risesMs: number };
}

/** How much of stable's traffic was seen, and for how long the canary answers, in milliseconds. */
export interface Experience {
  readonly learnedMs: number;
  readonly exposedMs: number;
}

/**
 * What dependence adds to the need: `beyondChance` of the placebo, for a canary that gets `size` times the requests of
 * one of stable's replicas. A steep part for little, a flatter one for much (calibrated: docs/benchmarks.md). As long
 * as little of the traffic was seen, it counts as bursting; and a burst comes the likelier, the longer one waits for it.
 */
export function surcharge(beyondChance: number, size: number, experience: Experience, slopes: Slopes): number {
  const { most, risesMs } = slopes.unlearned;
  const unlearned = Math.max(0, 1 - experience.learnedMs / LEARNING_MS);
  const exposed = risesMs === 0 ? 1 : Math.min(1, experience.exposedMs / risesMs);
  const x = size * beyondChance + most * unlearned * exposed;
  return slopes.flat * x + (slopes.steep - slopes.flat) * Math.min(x, 3);
}

import type { Interval, SignalCounts } from "../model/judgement.js";

/** Weight of the prior that the boundary is tuned to: rates around 1 % are seen best. */
const PRIOR = { bad: 0.5, good: 49.5 } as const;

/**
 * Rates that a confidence sequence has not ruled out: with probability 1 - level the true one is in all intervals of all
 * seconds at once, for independent requests. Beta-binomial mixture: the rates p with
 * ln B(a + k, b + n - k) / B(a, b) - k ln p - (n - k) ln(1 - p) < ln(1 / level) (Robbins 1970; Howard, Ramdas,
 * McAuliffe & Sekhon 2021, conjugate mixtures). `discount` > 1 widens it as if there were so many times fewer requests.
 */
export function rateInterval(counts: SignalCounts, level: number, discount = 1): Interval {
  const bad = counts.bad / discount;
  const good = (counts.total - counts.bad) / discount;
  if (counts.total === 0) return { low: 0, high: 1 };
  const mixed = logBeta(PRIOR.bad + bad, PRIOR.good + good) - logBeta(PRIOR.bad, PRIOR.good);
  const outside = (p: number) => mixed - weigh(bad, p) - weigh(good, 1 - p) >= -Math.log(level);
  const middle = bad / (bad + good);
  return {
    low: bad === 0 ? 0 : edge(0, middle, (p) => outside(p)),
    high: good === 0 ? 1 : edge(1, middle, (p) => outside(p)),
  };
}

/** Difference of two rates, canary minus stable: both intervals at half the level hold at once (union bound). */
export function differenceInterval(canary: SignalCounts, stable: SignalCounts, level: number, discount = 1): Interval {
  const one = rateInterval(canary, level / 2, discount);
  const other = rateInterval(stable, level / 2, discount);
  return { low: one.low - other.high, high: one.high - other.low };
}

function weigh(count: number, p: number): number {
  return count === 0 ? 0 : count * Math.log(p);
}

/** Bisection between a rate that is outside and one that is inside. */
function edge(outsideEnd: number, insideEnd: number, isOutside: (p: number) => boolean): number {
  let outside = outsideEnd;
  let inside = insideEnd;
  for (let round = 0; round < 50 && Math.abs(outside - inside) > 1e-9; round++) {
    const p = (outside + inside) / 2;
    if (p <= 0 || p >= 1 || isOutside(p)) outside = p;
    else inside = p;
  }
  return outside;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Stirling's series after shifting the argument above 8 (Abramowitz & Stegun 6.1.41); error below 1e-12. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 8; z++) shift += Math.log(z);
  const i = 1 / (z * z);
  const series = (1 / 12 - i * (1 / 360 - i * (1 / 1260 - i * (1 / 1680 - i / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

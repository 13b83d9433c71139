import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../bench/analysis/random.js";
import { differenceInterval, logGamma, rateInterval } from "./interval.js";

const LEVEL = 0.05;

test("the logarithm of Γ is that of factorials, of the square root of π, and obeys its recurrence", () => {
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 11);
  let factorial = 0;
  for (let n = 1; n <= 200; n++) {
    expect(Math.abs(logGamma(n) - factorial)).toBeLessThan(1e-11 * Math.max(1, factorial));
    factorial += Math.log(n);
  }
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e7, noNaN: true }), (x) => {
      const error = logGamma(x + 1) - logGamma(x) - Math.log(x);
      expect(Math.abs(error)).toBeLessThan(1e-11 * Math.max(1, Math.abs(logGamma(x))));
    }),
    { seed: 6 },
  );
});

/**
 * The mixture's likelihood ratio against one rate, by integrating it: rates from Beta(1/2, 99/2), with q = t² because
 * that density has a pole at 0.
 */
function ratioByIntegration(bad: number, good: number, p: number): number {
  const steps = 20_000;
  let [sum, norm] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const q = ((i + 0.5) / steps) ** 2;
    const prior = (1 - q) ** 48.5;
    sum += prior * Math.exp(bad * Math.log(q / p) + good * Math.log((1 - q) / (1 - p)));
    norm += prior;
  }
  return sum / norm;
}

describe("the interval of a rate", () => {
  test("ends where the mixture has ruled the rate out, by direct integration", () => {
    for (const [bad, total] of [
      [0, 50],
      [1, 100],
      [10, 1_000],
      [40, 100],
      [60, 100],
    ] as const) {
      const { low, high } = rateInterval({ bad, total }, LEVEL);
      if (bad > 0) expect(ratioByIntegration(bad, total - bad, low)).toBeCloseTo(1 / LEVEL, 2);
      expect(ratioByIntegration(bad, total - bad, high)).toBeCloseTo(1 / LEVEL, 2);
    }
  });

  test("knows nothing without requests, and never excludes what it saw without exception", () => {
    expect(rateInterval({ bad: 0, total: 0 }, LEVEL)).toEqual({ low: 0, high: 1 });
    const none = rateInterval({ bad: 0, total: 5_000 }, LEVEL);
    expect(none.low).toBe(0);
    expect(none.high).toBeLessThan(0.003);
    const all = rateInterval({ bad: 5_000, total: 5_000 }, LEVEL);
    expect(all.high).toBe(1);
    expect(all.low).toBeGreaterThan(0.9);
  });

  test("holds what was counted, lies in 0..1, and widens with the level and with the discount", () => {
    const counts = fc
      .record({ bad: fc.nat({ max: 100_000 }), good: fc.nat({ max: 10_000_000 }) })
      .map(({ bad, good }) => ({ bad, total: bad + good + 1 }));
    fc.assert(
      fc.property(counts, fc.double({ min: 1, max: 1_000, noNaN: true }), (counted, discount) => {
        const plain = rateInterval(counted, LEVEL);
        const rate = counted.bad / counted.total;
        expect(plain.low).toBeGreaterThanOrEqual(0);
        expect(plain.low).toBeLessThanOrEqual(rate);
        expect(plain.high).toBeGreaterThanOrEqual(rate);
        expect(plain.high).toBeLessThanOrEqual(1);
        for (const wider of [rateInterval(counted, LEVEL / 10), rateInterval(counted, LEVEL, discount)]) {
          expect(wider.low).toBeLessThanOrEqual(plain.low + 1e-8);
          expect(wider.high).toBeGreaterThanOrEqual(plain.high - 1e-8);
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  test("holds the true rate at every second at once in 95 % of all rollouts", () => {
    const runs = 200;
    let missed = 0;
    for (const rate of [0.001, 0.05, 0.4]) {
      for (let seed = 0; seed < runs; seed++) {
        const random = new Random(seed);
        const counts = { bad: 0, total: 0 };
        for (let second = 0; second < 300; second++) {
          counts.bad += random.binomial(20, rate);
          counts.total += 20;
          const { low, high } = rateInterval(counts, LEVEL);
          if (low <= rate && rate <= high) continue;
          missed++;
          break;
        }
      }
    }
    // 5 % of 600 are 30; more than 48 would happen less than once in a thousand.
    expect(missed).toBeLessThanOrEqual(48);
  });

  test("stays a number for a day of 100,000 requests a second", () => {
    const total = 8.64e9;
    for (const bad of [0, 1, total / 1_000, total / 2, total - 1, total]) {
      const { low, high } = rateInterval({ bad, total }, LEVEL);
      expect(low).toBeLessThanOrEqual(bad / total);
      expect(high).toBeGreaterThanOrEqual(bad / total);
      expect(high - low).toBeLessThan(0.001);
    }
  });
});

describe("the interval of a difference", () => {
  test("is canary minus stable, both at half the level", () => {
    const [canary, stable] = [
      { bad: 50, total: 1_000 },
      { bad: 10, total: 9_000 },
    ];
    const [one, other] = [rateInterval(canary, LEVEL / 2, 2), rateInterval(stable, LEVEL / 2, 2)];
    const { low, high } = differenceInterval(canary, stable, LEVEL, 2);
    expect(low).toBeCloseTo(one.low - other.high, 12);
    expect(high).toBeCloseTo(one.high - other.low, 12);
    expect(low).toBeGreaterThan(0);
    const mirrored = differenceInterval(stable, canary, LEVEL, 2);
    expect(mirrored.low).toBeCloseTo(-high, 12);
    expect(mirrored.high).toBeCloseTo(-low, 12);
  });

  test("says nothing while one of the two has no requests", () => {
    const none = { bad: 0, total: 0 };
    expect(differenceInterval(none, none, LEVEL)).toEqual({ low: -1, high: 1 });
    const seen = differenceInterval(none, { bad: 10, total: 1_000 }, LEVEL);
    expect(seen.low).toBeLessThan(-0.01);
    expect(seen.high).toBeGreaterThan(0.99);
  });
});

import { expect, test } from "vitest";
import { Random, seedOf } from "./random.js";

test("Poisson draws have the mean and the variance of their law, small and large", () => {
  for (const mean of [0.02, 0.7, 9.9, 10, 60, 2_000]) {
    const random = new Random(seedOf(1, mean * 100));
    const draws = Array.from({ length: 40_000 }, () => random.poisson(mean));
    const average = draws.reduce((sum, k) => sum + k, 0) / draws.length;
    const variance = draws.reduce((sum, k) => sum + (k - average) ** 2, 0) / draws.length;
    // Five standard errors of either estimate.
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(mean / draws.length));
    expect(Math.abs(variance - mean)).toBeLessThan(5 * Math.sqrt((mean + 2 * mean * mean) / draws.length));
  }
});

test("the frequencies of a mean in the rejection range are the law's", () => {
  const random = new Random(3);
  const mean = 14;
  const runs = 200_000;
  const found = new Array<number>(60).fill(0);
  for (let run = 0; run < runs; run++) {
    const k = Math.min(59, random.poisson(mean));
    found[k] = (found[k] ?? 0) + 1;
  }
  let mass = Math.exp(-mean);
  for (let k = 0; k < 40; k++) {
    const expected = mass * runs;
    expect(Math.abs((found[k] ?? 0) - expected), `k = ${k}`).toBeLessThan(5 * Math.sqrt(expected) + 5);
    mass *= mean / (k + 1);
  }
});

test("the same seed, the same draws; neighbouring seeds, others", () => {
  const draws = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 8 }, () => random.poisson(100));
  };
  expect(draws(seedOf(1, 2))).toEqual(draws(seedOf(1, 2)));
  expect(draws(seedOf(1, 2))).not.toEqual(draws(seedOf(1, 3)));
  expect(draws(seedOf(1, 2))).not.toEqual(draws(seedOf(2, 1)));
  expect(new Random(1).poisson(0)).toBe(0);
});

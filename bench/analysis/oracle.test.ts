import { expect, test } from "vitest";
import { Oracle } from "./oracle.js";
import { rolloutOf } from "./rivals/rival.js";
import { makeTrace } from "./traces.js";

test("its times are the research note's (section 5)", () => {
  expect(new Oracle({ stable: 0.001, canary: 0.05 }).expectedSeconds(180, 20)).toBeCloseTo(2.5, 1);
  expect(new Oracle({ stable: 0.001, canary: 0.01 }).expectedSeconds(180, 20)).toBeCloseTo(21.2, 1);
  expect(new Oracle({ stable: 0.01, canary: 0.02 }).expectedSeconds(100, 100)).toBeCloseTo(26.7, 1);
});

test("on independent traffic it takes about as long as its growth says, and what a last second gives too much", () => {
  const oracle = new Oracle({ stable: 0.001, canary: 0.01 });
  const seconds = Array.from({ length: 200 }, (_, seed) => {
    const trace = makeTrace("independent", { base: 0.001, harm: { badRate: 0.01 }, seed, history: 0, seconds: 600 });
    return oracle.decide(rolloutOf(trace));
  });
  expect(seconds.every((second) => second > 0)).toBe(true);
  const mean = seconds.reduce((sum, second) => sum + second, 0) / seconds.length;
  expect(mean).toBeGreaterThan(oracle.expectedSeconds(180, 20));
  expect(mean).toBeLessThan(1.4 * oracle.expectedSeconds(180, 20));
});

test("under no difference it fails fewer than its level, by Ville's inequality", () => {
  const oracle = new Oracle({ stable: 0.001, canary: 0.01 });
  let failed = 0;
  const runs = 1_000;
  for (let seed = 0; seed < runs; seed++) {
    const trace = makeTrace("independent", { base: 0.001, seed, history: 0, seconds: 300 });
    if (oracle.decide(rolloutOf(trace)) > 0) failed++;
  }
  // 1 % of 1,000 and three standard errors.
  expect(failed).toBeLessThanOrEqual(10 + 3 * Math.sqrt(10));
});

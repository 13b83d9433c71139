import { describe, expect, test } from "vitest";
import { type ComparisonFacts, describeComparison, milliseconds, percent, points } from "./describe.js";

const FACTS: ComparisonFacts = {
  signal: "errors",
  verdict: "inconclusive",
  canary: { bad: 42, total: 1_200 },
  stable: { bad: 11, total: 10_800 },
  objective: null,
  margin: { fail: 0.001, pass: 0.005 },
  elapsed: 60,
  size: 0.2,
  worst: null,
  slowerThanMs: null,
  warmUp: { ms: 0, requests: 0 },
  evidence: { fail: 1, pass: 0 },
  needed: { fail: 4.6, pass: 3 },
  ratios: { fail: [2], pass: [0.5] },
  fastest: 0.05,
};

const told = (changes: Partial<ComparisonFacts>) => describeComparison({ ...FACTS, ...changes });

describe("a comparison in one sentence", () => {
  test("says what was counted, beside what, and what follows", () => {
    expect(told({})).toBe("42 of 1200 requests failed (3.5 %), stable 0.1 %: not decided yet");
    expect(told({ verdict: "fail" })).toBe(
      "42 of 1200 requests failed (3.5 %), stable 0.1 %: worse by more than 0.1 points",
    );
    expect(told({ verdict: "pass", canary: { bad: 1, total: 1_200 } })).toBe(
      "1 of 1200 requests failed (0.08 %), stable 0.1 %: not worse by 0.5 points",
    );
  });

  test("says what bad means for the signal", () => {
    expect(told({ signal: "slow", slowerThanMs: 380.54 })).toBe(
      "42 of 1200 requests slower than 381 ms (3.5 %), stable 0.1 %: not decided yet",
    );
    expect(told({ signal: "checkouts" })).toContain("42 of 1200 requests bad by checkouts (3.5 %)");
  });

  test("says it when there is nothing to compare with but an objective, or nothing at all", () => {
    expect(told({ stable: null, objective: 0.01, verdict: "fail" })).toBe(
      "42 of 1200 requests failed (3.5 %), the objective is 1 %: worse by more than 0.1 points",
    );
    expect(told({ canary: { bad: 0, total: 0 }, verdict: "no-data" })).toBe(
      "errors: the new group answered nothing yet",
    );
  });

  test("says it when stable is broken itself", () => {
    expect(told({ stable: { bad: 3_000, total: 10_000 } })).toBe(
      "42 of 1200 requests failed (3.5 %), stable 30 %; stable is broken itself: not decided yet",
    );
  });

  test("names a replica only when most of the harm is its own, and only of harm", () => {
    const worst = { replica: "c2", bad: 40, of: 3 };
    expect(told({ verdict: "fail", worst })).toMatch(/; 40 of the 42 on c2, one of 3 replicas$/);
    expect(told({ verdict: "fail", worst: { ...worst, bad: 20 } })).not.toContain("c2");
    expect(told({ worst })).not.toContain("c2");
  });
});

test("shares, differences and times are short", () => {
  expect([0, 0.0001, 0.0012, 0.01, 0.1234, 1].map(percent)).toEqual([
    "0 %",
    "0.01 %",
    "0.12 %",
    "1 %",
    "12.3 %",
    "100 %",
  ]);
  expect([0, 0.005, 0.01, 0.2].map(points)).toEqual(["nothing", "0.5 points", "1 point", "20 points"]);
  expect([26.9, 400, 1_000, 2_450].map(milliseconds)).toEqual(["26.9 ms", "400 ms", "1 s", "2.5 s"]);
});

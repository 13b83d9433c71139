import { describe, expect, test } from "vitest";
import { Random } from "../../../bench/analysis/random.js";
import { Comparison, type ComparisonSettings } from "./comparison.js";

const SETTINGS: ComparisonSettings = {
  signal: "errors",
  level: { fail: 0.01, pass: 0.05 },
  margin: { fail: 0, pass: 0.005 },
};
const HISTORY = 2_700;

interface Story {
  /** Shares of bad requests. */
  readonly stable: number;
  readonly canary: number;
  /** Requests of each of stable's two replicas, and of the canary, in one look. */
  readonly requests: readonly [number, number];
  readonly secondsPerLook?: number;
  readonly objective?: number;
}

/** A rollout that can be asked after any number of seconds. */
function begin({ stable, canary, requests: [mine, its], secondsPerLook = 1, objective }: Story, seed: number) {
  const random = new Random(seed);
  const comparison = new Comparison({ ...SETTINGS, objective: objective ?? null });
  let at = -HISTORY;
  const look = () => {
    const one = (replica: string, total: number, rate: number) => ({
      replica,
      bad: random.binomial(total, rate),
      total,
    });
    const second = {
      at: (HISTORY + at) * 1_000,
      stable: objective === undefined ? [one("s1", mine, stable), one("s2", mine, stable)] : [],
      canary: at < 0 ? [] : [one("c1", its, canary)],
    };
    if (at < 0) comparison.learn(second);
    else comparison.update(second);
    at += secondsPerLook;
  };
  while (at < 0) look();
  return {
    comparison,
    until(seconds: number) {
      while (at < seconds) look();
      return comparison.judge().comparison?.outlook ?? "";
    },
    decides(what: "fail" | "pass", most: number) {
      while (at < most && !comparison.decided[what]) look();
      return comparison.decided[what] ? at : Number.POSITIVE_INFINITY;
    },
  };
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** "39 s", "6 min", "2.5 h" in seconds. */
function secondsIn(outlook: string): number {
  const [, count = "", unit = ""] = /a pass takes about ([\d.]+) (s|min|h) more/.exec(outlook) ?? [];
  return Number(count) * ({ s: 1, min: 60, h: 3_600 }[unit] ?? Number.NaN);
}

describe("the forecast of a pass has the right order of magnitude", () => {
  for (const [name, story, askedAt] of [
    ["plenty of traffic", { stable: 0.001, canary: 0.001, requests: [90, 20] }, 30],
    ["little traffic", { stable: 0.001, canary: 0.001, requests: [9, 2] }, 300],
    ["so much traffic that only the accounts are slow", { stable: 0.001, canary: 0.001, requests: [5_000, 1_000] }, 10],
    [
      "a source that is asked every half a minute",
      { stable: 0.001, canary: 0.001, requests: [270, 60], secondsPerLook: 30 },
      300,
    ],
    ["an objective", { stable: 0, canary: 0.002, requests: [0, 5], objective: 0.01 }, 60],
  ] as readonly (readonly [string, Story, number])[])
    test(name, () => {
      const taken = median(SEEDS.map((seed) => begin(story, seed).decides("pass", 20_000)));
      const forecast = median(SEEDS.map((seed) => askedAt + secondsIn(begin(story, seed).until(askedAt))));
      expect(forecast / taken).toBeGreaterThan(1 / 4);
      expect(forecast / taken).toBeLessThan(4);
    });
});

test("harm that it says would be found within an hour mostly is, and a tenth of it mostly is not", () => {
  const story: Story = { stable: 0.01, canary: 0.01, requests: [90, 20] };
  const [, found = ""] = /harm of ([\d.]+) points? more would be found/.exec(begin(story, 1).until(600)) ?? [];
  const excess = Number(found) / 100;
  expect(excess).toBeGreaterThan(0);
  const share = (harm: number) =>
    SEEDS.filter((seed) => begin({ ...story, canary: 0.01 + harm }, seed).decides("fail", 2 * 3_600) <= 2 * 3_600)
      .length;
  expect(share(excess)).toBeGreaterThanOrEqual(5);
  expect(share(excess / 10)).toBeLessThanOrEqual(2);
});

describe("in words", () => {
  test("it says what is missing", () => {
    expect(new Comparison(SETTINGS).judge().comparison?.outlook).toBe("no request reached the new group yet");
    const alone = new Comparison(SETTINGS);
    alone.update({ at: 0, stable: [], canary: [{ replica: "c", bad: 0, total: 9 }] });
    expect(alone.judge().comparison?.outlook).toBe("both groups need requests in the same span of time");
  });

  test("it says what is over, and what would still be found", () => {
    const well = begin({ stable: 0.001, canary: 0.001, requests: [90, 20] }, 1);
    expect(well.until(900)).toMatch(/^passed; harm of 0\.\d points more would be found within an hour$/);
    const harm = begin({ stable: 0.001, canary: 0.2, requests: [90, 20] }, 1);
    expect(harm.until(60)).toBe("decided");
  });

  test("it does not promise what will not come", () => {
    const worse = begin({ stable: 0.01, canary: 0.016, requests: [9, 2] }, 2);
    expect(worse.until(600)).toMatch(
      /^at \d(\.\d+)? % it does not pass; harm of [\d.]+ points? more would be found within an hour$/,
    );
    const sparse = begin({ stable: 0.01, canary: 0.01, requests: [1, 1], secondsPerLook: 600 }, 3);
    expect(sparse.until(3_600)).toContain("harm is not found within an hour");
  });
});

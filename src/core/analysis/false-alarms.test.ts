import { describe, expect, test } from "vitest";
import { Random } from "../../../bench/analysis/random.js";
import { Comparison, type ComparisonSettings, type ComparisonSnapshot } from "./comparison.js";
import type { SignalSecond } from "./second.js";

const SETTINGS: ComparisonSettings = {
  signal: "errors",
  level: { fail: 0.01, pass: 0.05 },
  margin: { fail: 0, pass: 0.005 },
};
/** Stable is watched for so long before a rollout, and a rollout lasts so long. */
const HISTORY = 2_700;
const ROLLOUT = 900;
const HISTORIES = 4;

/** What the traffic is like in a second; `at` below 0 is before the rollout. */
interface Traffic {
  /** Share of bad requests of everybody who is well. */
  readonly rate: (at: number) => number;
  /** Share of requests that the canary gets. */
  readonly share: (at: number) => number;
  readonly requests: (at: number) => number;
}

const PLAIN: Traffic = { rate: () => 0.001, share: () => 0.1, requests: () => 200 };

function second(random: Random, at: number, traffic: Traffic, harm: number): SignalSecond {
  const share = at < 0 ? 0 : traffic.share(at);
  const count = (replica: string, part: number, more: number) => {
    const total = Math.round(part * traffic.requests(at));
    return { replica, bad: random.binomial(total, traffic.rate(at) + more), total };
  };
  return {
    at: (HISTORY + at) * 1_000,
    stable: ["s1", "s2"].map((replica) => count(replica, (1 - share) / 2, 0)),
    canary: at < 0 ? [] : [count("c1", share, harm)],
  };
}

function learned(seed: number, traffic: Traffic): ComparisonSnapshot {
  const random = new Random(seed);
  const comparison = new Comparison(SETTINGS);
  for (let at = -HISTORY; at < 0; at++) comparison.learn(second(random, at, traffic, 0));
  return comparison.snapshot();
}

/** How many of `runs` rollouts ever came to each decision, asked after every second. */
function decisions(traffic: Traffic, harm: number, runs: number): { fail: number; pass: number } {
  const found = { fail: 0, pass: 0 };
  const histories = Array.from({ length: HISTORIES }, (_, seed) => learned(seed, traffic));
  for (let run = 0; run < runs; run++) {
    const random = new Random(1_000 + run);
    const comparison = new Comparison(SETTINGS, histories[run % HISTORIES]);
    for (let at = 0; at < ROLLOUT; at++) comparison.update(second(random, at, traffic, harm));
    if (comparison.decided.fail) found.fail++;
    if (comparison.decided.pass) found.pass++;
  }
  return found;
}

/** As many as happen by chance less than once in 10,000, when each of `runs` happens with probability `share`. */
function atMost(runs: number, share: number): number {
  let term = (1 - share) ** runs;
  let below = term;
  let k = 0;
  while (below < 0.9999) {
    term *= ((runs - k) / (k + 1)) * (share / (1 - share));
    below += term;
    k++;
  }
  return k;
}

describe("of rollouts without harm, no more fail than α says", () => {
  const incident = (at: number) => ((at + 10_000) % 450 < 60 ? 20 : 1);
  const wave = (at: number) => Math.sin((2 * Math.PI * at) / 1_800);
  const ramp = (at: number) => [0.01, 0.05, 0.1, 0.25, 0.5][Math.floor((5 * at) / ROLLOUT)] ?? 0.5;
  for (const [name, traffic] of [
    ["independent requests", PLAIN],
    ["many bad requests", { ...PLAIN, rate: () => 0.05 }],
    ["incidents that hit everybody", { ...PLAIN, rate: (at) => 0.001 * incident(at) }],
    ["a rate that drifts", { ...PLAIN, rate: (at) => 0.004 * 4 ** wave(at) }],
    [
      "a share that rises while rate and traffic drift",
      { rate: (at) => 0.004 * 4 ** wave(at), share: ramp, requests: (at) => 200 * 2 ** wave(at) },
    ],
    ["little traffic", { ...PLAIN, rate: () => 0.02, requests: () => 8 }],
  ] as readonly (readonly [string, Traffic])[])
    test(name, () => {
      const runs = 150;
      expect(decisions(traffic, 0, runs).fail).toBeLessThanOrEqual(atMost(runs, SETTINGS.level.fail));
    });
});

describe("of rollouts as bad as the margin, no more pass than β says", () => {
  for (const [name, traffic] of [
    ["independent requests", PLAIN],
    ["many bad requests", { ...PLAIN, rate: () => 0.3 }],
    ["stable has none", { ...PLAIN, rate: () => 0 }],
  ] as readonly (readonly [string, Traffic])[])
    test(name, () => {
      const runs = 150;
      const { pass } = decisions(traffic, SETTINGS.margin.pass, runs);
      expect(pass).toBeLessThanOrEqual(atMost(runs, SETTINGS.level.pass));
    });
});

test("and the same test is not blind: most harm of a point is found, most clean rollouts pass", () => {
  expect(decisions(PLAIN, 0.01, 40).fail).toBeGreaterThan(36);
  expect(decisions(PLAIN, 0, 40).pass).toBeGreaterThan(36);
});

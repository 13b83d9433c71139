import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../bench/analysis/random.js";
import { Comparison, type ComparisonSettings, type ComparisonSnapshot } from "./comparison.js";
import type { ReplicaCounts, SignalSecond } from "./second.js";

const SETTINGS: ComparisonSettings = {
  signal: "errors",
  level: { fail: 0.01, pass: 0.05 },
  margin: { fail: 0, pass: 0.005 },
};
const HISTORY = 2_700;
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

/** Shares of bad requests of each group in a second of the rollout. */
type Rates = (at: number) => { readonly stable: number; readonly canary: number };

/** 180 requests a second to two replicas of stable, 20 to one of the canary. */
function second(random: Random, at: number, { stable, canary }: ReturnType<Rates>): SignalSecond {
  const count = (replica: string, total: number, rate: number) => ({
    replica,
    bad: random.binomial(total, rate),
    total,
  });
  return {
    at: (HISTORY + at) * 1_000,
    stable: [count("s1", 90, stable), count("s2", 90, stable)],
    canary: at < 0 ? [] : [count("c1", 20, canary)],
  };
}

const histories = new Map<number, ComparisonSnapshot>();
/** What 45 minutes of stable teach. */
function learned(rate: number): ComparisonSnapshot {
  const known = histories.get(rate);
  if (known !== undefined) return known;
  const random = new Random(99);
  const comparison = new Comparison(SETTINGS);
  for (let at = -HISTORY; at < 0; at++) comparison.learn(second(random, at, { stable: rate, canary: 0 }));
  histories.set(rate, comparison.snapshot());
  return learned(rate);
}

interface Rollout {
  readonly comparison: Comparison;
  /** Seconds after which each test decided; infinite: never. */
  readonly fail: number;
  readonly pass: number;
}

function rollout(seed: number, seconds: number, rates: Rates, from: ComparisonSnapshot | null): Rollout {
  const random = new Random(seed);
  const comparison = new Comparison(SETTINGS, from);
  let [fail, pass] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let at = 0; at < seconds; at++) {
    comparison.update(second(random, at, rates(at)));
    const { decided } = comparison;
    if (decided.fail) fail = Math.min(fail, at + 1);
    if (decided.pass) pass = Math.min(pass, at + 1);
  }
  return { comparison, fail, pass };
}

function rollouts(seconds: number, rates: Rates, from: ComparisonSnapshot | null = learned(rates(-1).stable)) {
  return SEEDS.map((seed) => rollout(seed, seconds, rates, from));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

describe("a canary", () => {
  test("with five points more errors fails within tens of seconds, in traffic that is known and that is not", () => {
    const rates: Rates = () => ({ stable: 0.001, canary: 0.051 });
    const known = rollouts(120, rates);
    const unknown = rollouts(240, rates, null);
    expect(median(known.map(({ fail }) => fail))).toBeLessThan(20);
    expect(median(unknown.map(({ fail }) => fail))).toBeLessThan(60);
    for (const { comparison } of [...known, ...unknown]) expect(comparison.verdict).toBe("fail");
  });

  test("that is well passes in minutes", () => {
    for (const { comparison, pass } of rollouts(900, () => ({ stable: 0.001, canary: 0.001 }))) {
      expect(comparison.verdict).toBe("pass");
      expect(pass).toBeGreaterThan(20);
    }
  });

  test("that is better than stable passes, sooner", () => {
    const same = rollouts(900, () => ({ stable: 0.02, canary: 0.02 }));
    const better = rollouts(900, () => ({ stable: 0.02, canary: 0.005 }));
    for (const { comparison } of better) expect(comparison.verdict).toBe("pass");
    expect(median(better.map(({ pass }) => pass))).toBeLessThan(median(same.map(({ pass }) => pass)));
  });

  test("whose harm begins after a quarter of an hour fails soon after", () => {
    const late = 900;
    for (const { comparison, fail } of rollouts(late + 120, (at) => ({
      stable: 0.001,
      canary: at < late ? 0.001 : 0.051,
    }))) {
      expect(comparison.verdict).toBe("fail");
      expect(fail).toBeGreaterThan(late);
    }
  });

  test("that answers nothing right for two seconds of every minute fails within minutes", () => {
    for (const { fail } of rollouts(480, (at) => ({
      stable: 0.001,
      canary: at % 60 === 1 || at % 60 === 2 ? 1 : 0.001,
    })))
      expect(fail).toBeLessThanOrEqual(480);
  });

  test("that has passed and turns bad fails: a pass is taken back by harm, never harm by a pass", () => {
    const turns: Rates = (at) => ({ stable: 0.001, canary: at < 600 ? 0.001 : at < 700 ? 0.1 : 0 });
    for (const { comparison, pass, fail } of rollouts(1_000, turns)) {
      expect(pass).toBeLessThan(600);
      expect(fail).toBeLessThan(700);
      expect(comparison.decided).toEqual({ fail: true, pass: true });
      expect(comparison.verdict).toBe("fail");
    }
  });

  test("that answers nothing is no data", () => {
    const comparison = new Comparison(SETTINGS);
    expect(comparison.verdict).toBe("no-data");
    for (let at = 0; at < 100; at++)
      comparison.update({ at: at * 1_000, stable: [{ replica: "s", bad: 0, total: 50 }], canary: [] });
    expect(comparison.verdict).toBe("no-data");
    expect(comparison.judge().sentence).toBe("errors: the new group answered nothing yet");
  });
});

describe("a stable group that is broken itself", () => {
  test("does not block an equal canary by a false alarm, and says so", () => {
    for (const { comparison } of rollouts(900, () => ({ stable: 0.3, canary: 0.3 }))) {
      expect(comparison.decided.fail).toBe(false);
      expect(comparison.judge().sentence).toContain("stable is broken itself");
    }
  });

  test("lets the fix pass", () => {
    for (const { comparison } of rollouts(120, () => ({ stable: 0.3, canary: 0.01 })))
      expect(comparison.verdict).toBe("pass");
  });

  test("shows that a canary is worse still: the exact experts", () => {
    for (const { comparison } of rollouts(120, () => ({ stable: 0.3, canary: 0.45 })))
      expect(comparison.verdict).toBe("fail");
    for (const { comparison } of rollouts(120, () => ({ stable: 0.9, canary: 0.99 })))
      expect(comparison.verdict).toBe("fail");
  });
});

describe("one request a minute", () => {
  const minutes = (seed: number, count: number, badRate: number) => {
    const random = new Random(seed);
    const comparison = new Comparison(SETTINGS);
    for (let minute = -1_440; minute < count; minute++) {
      const one = (replica: string, rate: number) => [{ replica, bad: random.binomial(1, rate), total: 1 }];
      const at = (1_440 + minute) * 60_000;
      if (minute < 0) comparison.learn({ at, stable: one("s1", 0.01), canary: [] });
      else if (random.uniform() < 0.5) comparison.update({ at, stable: one("s1", 0.01), canary: [] });
      else comparison.update({ at, stable: [], canary: one("c1", badRate) });
    }
    return comparison;
  };

  test("is too little to say anything of a clean canary in four hours, and that is said; it never fails", () => {
    for (const seed of SEEDS) {
      const comparison = minutes(seed, 240, 0.01);
      expect(comparison.verdict).toBe("inconclusive");
      expect(comparison.judge().sentence).toContain("not decided yet");
      expect(minutes(seed, 1_440, 0.01).decided.fail).toBe(false);
    }
  });

  test("finds gross harm in hours", () => {
    for (const seed of SEEDS) expect(minutes(seed, 240, 0.7).verdict).toBe("fail");
  });
});

test("the replica that most of the harm comes from is named", () => {
  const random = new Random(1);
  const comparison = new Comparison(SETTINGS);
  for (let at = 0; at < 200; at++) {
    const { stable } = second(random, at, { stable: 0.001, canary: 0 });
    const canary = ["c1", "c2", "c3"].map((replica) => {
      return { replica, bad: random.binomial(20, replica === "c2" ? 0.2 : 0.001), total: 20 };
    });
    comparison.update({ at: at * 1_000, stable, canary });
  }
  expect(comparison.judge().sentence).toMatch(/; \d+ of the \d+ on c2, one of 3 replicas$/);
});

describe("with nothing beside but an objective of 1 %", () => {
  const alone = (rate: number, objective = 0.01, seconds = 900) => {
    const random = new Random(8);
    const comparison = new Comparison({ ...SETTINGS, objective });
    for (let at = 0; at < seconds; at++)
      comparison.update({
        at: at * 1_000,
        stable: [],
        canary: [{ replica: "c1", bad: random.binomial(50, rate), total: 50 }],
      });
    return comparison;
  };

  test("a group that keeps it passes, one that does not fails", () => {
    expect(alone(0.002).verdict).toBe("pass");
    expect(alone(0.05).verdict).toBe("fail");
    expect(alone(0.05).judge()).toMatchObject({
      stable: null,
      comparison: { rates: { stable: null, difference: null } },
    });
    expect(alone(0.05).judge().sentence).toMatch(/the objective is 1 %: worse by more than nothing$/);
  });

  test("a group that is just as good as the objective does not fail", () => {
    expect(alone(0.01, 0.01, 3_600).decided.fail).toBe(false);
  });

  test("objectives of nothing and of everything are objectives", () => {
    expect(alone(0, 0).verdict).toBe("pass");
    expect(alone(0.02, 0).verdict).toBe("fail");
    expect(alone(0.5, 1).verdict).toBe("pass");
    expect(alone(1, 1).decided.fail).toBe(false);
  });
});

describe("a restart", () => {
  test("at any second, through JSON, changes no figure of any second after it", () => {
    const rates: Rates = (at) => ({ stable: 0.02, canary: at < 100 ? 0.02 : 0.05 });
    for (const settings of [SETTINGS, { ...SETTINGS, objective: 0.03 }]) {
      const random = new Random(3);
      const whole = new Comparison(settings, learned(0.02));
      let torn = new Comparison(settings, learned(0.02));
      for (let at = 0; at < 200; at++) {
        const shown = second(random, at, rates(at));
        whole.update(shown);
        torn.update(shown);
        torn = Comparison.restore(settings, JSON.parse(JSON.stringify(torn.snapshot())));
        expect(torn.judge()).toEqual(whole.judge());
      }
      expect(torn.snapshot()).toEqual(whole.snapshot());
    }
  });

  test("needs a few kilobytes, of however many replicas", () => {
    const comparison = new Comparison(SETTINGS);
    for (let at = 0; at < 300; at++) {
      const many = (group: string) =>
        Array.from({ length: 100 }, (_, i) => ({ replica: `${group}-${at % 7}-${i}`, bad: 1, total: 9 }));
      comparison.update({ at: at * 1_000, stable: many("stable"), canary: many("canary") });
    }
    expect(JSON.stringify(comparison.snapshot()).length).toBeLessThan(16_000);
    expect(comparison.judge().canary.total).toBe(300 * 100 * 9);
  });
});

describe("what must not matter", () => {
  const replica = fc
    .nat({ max: 20 })
    .chain((total) => fc.record({ bad: fc.nat({ max: total }), total: fc.constant(total) }));
  const group = fc.array(replica, { minLength: 3, maxLength: 3 });
  const played = fc.array(fc.record({ stable: group, canary: group }), { minLength: 5, maxLength: 40 });
  const named = (prefix: string, counts: readonly { bad: number; total: number }[]): ReplicaCounts[] =>
    counts.map((one, i) => ({ replica: `${prefix}${i}`, ...one }));
  const figures = (comparison: Comparison) => {
    const { comparison: found, verdict, canary, stable } = comparison.judge();
    return { verdict, canary, stable, evidence: found?.evidence, needed: found?.needed, rates: found?.rates };
  };

  test("the order of replicas within a second", () => {
    fc.assert(
      fc.property(played, (seconds) => {
        const [one, other] = [new Comparison(SETTINGS), new Comparison(SETTINGS)];
        for (const [i, { stable, canary }] of seconds.entries()) {
          const shown = { at: i * 1_000, stable: named("s", stable), canary: named("c", canary) };
          one.update(shown);
          other.update({ ...shown, stable: [...shown.stable].reverse(), canary: [...shown.canary].reverse() });
        }
        expect(figures(other)).toEqual(figures(one));
      }),
      { seed: 11, numRuns: 40 },
    );
  });

  test("over how many replicas a second's counts are split: what is needed may, never what was won", () => {
    fc.assert(
      fc.property(played, (seconds) => {
        const [split, joined, stableJoined] = [0, 1, 2].map(() => new Comparison(SETTINGS));
        for (const [i, { stable, canary }] of seconds.entries()) {
          const shown = { at: i * 1_000, stable: named("s", stable), canary: named("c", canary) };
          const sum = (counts: readonly ReplicaCounts[]) => [
            {
              replica: "all",
              bad: counts.reduce((n, one) => n + one.bad, 0),
              total: counts.reduce((n, one) => n + one.total, 0),
            },
          ];
          split?.update(shown);
          joined?.update({ ...shown, canary: sum(shown.canary) });
          stableJoined?.update({ ...shown, stable: sum(shown.stable) });
        }
        if (split === undefined || joined === undefined || stableJoined === undefined) return;
        const { tests } = split.snapshot();
        expect(joined.snapshot().tests).toEqual(tests);
        expect(stableJoined.snapshot().tests).toEqual(tests);
      }),
      { seed: 12, numRuns: 40 },
    );
  });

  test("seconds in which nobody asked for anything", () => {
    fc.assert(
      fc.property(played, (seconds) => {
        const [plain, quiet] = [new Comparison(SETTINGS), new Comparison(SETTINGS)];
        for (const [i, { stable, canary }] of seconds.entries()) {
          const shown = { at: i * 3_000, stable: named("s", stable), canary: named("c", canary) };
          plain.update(shown);
          quiet.update(shown);
          quiet.update({ at: i * 3_000 + 1_000, stable: [], canary: [] });
          const none = [{ replica: "s0", bad: 0, total: 0 }];
          quiet.update({ at: i * 3_000 + 2_000, stable: none, canary: none });
        }
        expect(figures(quiet)).toEqual(figures(plain));
      }),
      { seed: 13, numRuns: 40 },
    );
  });
});

describe("extremes", () => {
  const numbersOf = (value: unknown): number[] =>
    typeof value === "number"
      ? [value]
      : value !== null && typeof value === "object"
        ? Object.values(value).flatMap(numbersOf)
        : [];

  test("an hour of 100,000 requests a second, with any share of them bad, gives numbers and survives JSON", () => {
    const n = 100_000;
    for (const margin of [
      { fail: 0, pass: 0.005 },
      { fail: 0.5, pass: 1 },
      { fail: 1, pass: 1 },
    ])
      for (const objective of [null, 0, 0.5, 1])
        for (const [k1, k2] of [
          [0, 0],
          [n, n],
          [0, n],
          [n, 0],
          [1, n / 2],
        ] as const) {
          const comparison = new Comparison({ ...SETTINGS, margin, objective });
          const half = { bad: k1, total: n };
          for (let at = 0; at < 600; at++)
            comparison.update({
              at: at * 6_000,
              stable: [
                { replica: "a", ...half },
                { replica: "b", ...half },
              ],
              canary: [{ replica: "c", bad: k2, total: n }],
            });
          const judgement = comparison.judge();
          for (const figure of [...numbersOf(judgement), ...numbersOf(comparison.snapshot())])
            expect(Number.isFinite(figure)).toBe(true);
          expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
          expect(judgement.sentence).not.toMatch(/NaN|Infinity|undefined/);
          if (objective === null && margin.fail === 0 && k1 < n && k2 > k1) expect(judgement.verdict).toBe("fail");
          if (objective === null && k2 <= k1) expect(judgement.verdict).not.toBe("fail");
        }
  });

  test("groups that shrink to nothing and come back, and one that gets a million times the other's requests", () => {
    const random = new Random(5);
    const comparison = new Comparison(SETTINGS);
    for (let at = 0; at < 1_000; at++) {
      const scale = 10 ** Math.floor(random.uniform() * 7) - 1;
      const other = 10 ** Math.floor(random.uniform() * 4) - 1;
      const some = (replica: string, total: number) =>
        total === 0 ? [] : [{ replica, bad: Math.round(total / 100), total }];
      comparison.update({
        at: at * 1_000,
        stable: [...some("a", scale), ...some("b", other)],
        canary: some("c", random.uniform() < 0.3 ? 0 : other),
      });
    }
    for (const figure of numbersOf(comparison.judge())) expect(Number.isFinite(figure)).toBe(true);
    expect(comparison.verdict).not.toBe("fail");
  });
});

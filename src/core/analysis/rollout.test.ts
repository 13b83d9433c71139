import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../bench/analysis/random.js";
import type { CompiledAnalysis, CompiledSignal } from "../../spec/compiled.js";
import type { Block, Judgement } from "../model/judgement.js";
import { bucketOf, limitOf } from "./latency.js";
import { type AnalysisMemory, RolloutAnalysis, type RolloutAnalysisOptions, spend } from "./rollout.js";
import { combine, providerError } from "./seam.js";

const ERRORS: CompiledSignal = {
  name: "errors",
  margin: { fail: 0, pass: 0.005 },
  objective: null,
  source: { kind: "errors" },
};
const SLOW: CompiledSignal = {
  name: "slow",
  margin: { fail: 0.01, pass: 0.02 },
  objective: null,
  source: { kind: "slow", slowerThanMs: null },
};
const CHECKOUTS: CompiledSignal = {
  ...ERRORS,
  name: "checkouts",
  source: { kind: "command", argv: ["check"], everyMs: 10_000, timeoutMs: 5_000, staleMs: 60_000 },
};

function analysis(...signals: readonly CompiledSignal[]): CompiledAnalysis {
  return { falseAlarms: 0.01, falsePasses: 0.05, signals };
}

function options(changes: Partial<RolloutAnalysisOptions> = {}): RolloutAnalysisOptions {
  return { analysis: analysis(ERRORS), stable: "r1", canary: "r2", attempt: 1, memory: null, ...changes };
}

/** How the replicas of a group answer, by seconds since the group's start. */
interface Behaviour {
  readonly group: string;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly requests?: number;
  readonly replicas?: readonly string[];
  readonly errors?: (age: number) => number;
  /** Share of requests that take a second; the others take 50 ms. */
  readonly slow?: number;
}

const RARE = () => 0.002;

/** Blocks of one second. */
function blocks(random: Random, second: number, behaviours: readonly Behaviour[]): Block[] {
  return behaviours.flatMap((behaviour) => {
    const { group, startedAt = Number.NEGATIVE_INFINITY, endedAt = Number.POSITIVE_INFINITY } = behaviour;
    const { requests: total = 50, replicas = ["a", "b"], errors = RARE, slow = 0.001 } = behaviour;
    if (second < startedAt || second >= endedAt) return [];
    return replicas.map((name): Block => {
      const late = random.binomial(total, slow);
      return {
        at: second * 1_000,
        group,
        replica: `${group}-${name}`,
        total,
        errors: random.binomial(total, errors(second - startedAt)),
        slow: late,
        restarts: 0,
        latencies: { [bucketOf(50)]: total - late, [bucketOf(1_000)]: late },
      };
    });
  });
}

/** Seconds of a story: learning before `CANARY`, comparing from then on. */
const CANARY = 2_700;

function play(
  changes: Partial<RolloutAnalysisOptions>,
  seconds: number,
  behaviours: readonly Behaviour[],
  seed = 1,
): { readonly analysis: RolloutAnalysis; readonly judgement: Judgement } {
  const random = new Random(seed);
  const rollout = new RolloutAnalysis(options(changes));
  for (let second = 0; second < CANARY + seconds; second++) {
    const seen = blocks(random, second, behaviours);
    if (second < CANARY) rollout.learn(second * 1_000, seen);
    else rollout.update(second * 1_000, seen);
  }
  const judgement = rollout.judge();
  expect(rollout.verdict).toBe(judgement.verdict);
  return { analysis: rollout, judgement };
}

const stable: Behaviour = { group: "r1" };
const canary: Behaviour = { group: "r2", startedAt: CANARY, replicas: ["c"], requests: 20 };
const harmful: Behaviour = { ...canary, errors: () => 0.1 };

describe("a rollout", () => {
  test("that is well passes, one that does harm fails, and the sentence says why", () => {
    const well = play({}, 900, [stable, canary]).judgement;
    expect(well.verdict).toBe("pass");
    expect(well.sentence).toMatch(
      /^\d+ of 18000 requests failed \(0\.\d+ %\), stable 0\.\d+ %: not worse by 0\.5 points$/,
    );
    const harm = play({}, 60, [stable, harmful]).judgement;
    expect(harm.verdict).toBe("fail");
    expect(harm.sentence).toMatch(/^\d+ of 1200 requests failed .* stable 0\.\d+ %: worse by more than nothing$/);
  });

  test("carries the figures that decided", () => {
    const [signal] = play({}, 60, [stable, harmful]).judgement.signals;
    const found = signal?.comparison;
    if (signal === undefined || found === undefined) throw new Error("no comparison");
    expect(signal.canary.total).toBe(60 * 20);
    expect(signal.stable?.total).toBe(60 * 100);
    expect(found.seconds).toBe(60);
    expect(found.evidence.fail).toBeGreaterThan(found.needed.fail);
    expect(found.needed.fail).toBeGreaterThanOrEqual(Math.log(1 / found.level.fail));
    expect(found.rates.canary.low).toBeLessThan(0.1);
    expect(found.rates.canary.high).toBeGreaterThan(0.1);
    expect(found.rates.difference?.low).toBeGreaterThan(0);
    expect(found.discount).toBeGreaterThanOrEqual(1);
    expect(found).toMatchObject({ slowerThanMs: null, warmUp: { ms: 0, requests: 0 }, outlook: "decided" });
  });

  test("without a request to the new group is no data, however long", () => {
    expect(play({ analysis: analysis(ERRORS, SLOW) }, 600, [stable]).judgement.verdict).toBe("no-data");
  });

  test("of which one signal fails, fails; of which one is undecided, waits", () => {
    const both = analysis(ERRORS, SLOW);
    expect(play({ analysis: both }, 120, [stable, { ...canary, slow: 0.2 }]).judgement).toMatchObject({
      verdict: "fail",
      signals: [{ signal: "errors" }, { signal: "slow", verdict: "fail" }],
    });
    const waits = play({ analysis: analysis(ERRORS, CHECKOUTS) }, 900, [stable, canary]).judgement;
    expect(waits.signals.map(({ verdict }) => verdict)).toEqual(["pass", "no-data"]);
    expect(waits.verdict).toBe("no-data");
  });
});

describe("warm-up", () => {
  const cold = (age: number) => (age < 6 ? 0.4 : 0.002);

  /** The first release starts cold; what is remembered of it. */
  const remembered = (): AnalysisMemory => {
    const first = new RolloutAnalysis(options({ stable: null, canary: "r1" }));
    const random = new Random(5);
    for (let second = 0; second < 300; second++)
      first.update(second * 1_000, blocks(random, second, [{ group: "r1", startedAt: 0, errors: cold }]));
    return JSON.parse(JSON.stringify(first.memory()));
  };
  const next = (memory: AnalysisMemory | null, errors: (age: number) => number) => {
    const random = new Random(6);
    const rollout = new RolloutAnalysis(options({ memory }));
    for (let second = 300; second < 4_000; second++) {
      const seen = blocks(random, second, [stable, { ...canary, startedAt: 3_000, errors }]);
      if (second < 3_000) rollout.learn(second * 1_000, seen);
      else rollout.update(second * 1_000, seen);
    }
    return rollout.judge();
  };

  test("that earlier starts had is left out, and counted", () => {
    const judgement = next(remembered(), cold);
    expect(judgement.verdict).toBe("pass");
    expect(judgement.signals[0]?.comparison?.warmUp).toEqual({ ms: 8_000, requests: 8 * 20 });
    expect(judgement.signals[0]?.canary.total).toBe(992 * 20);
  });

  test("that nobody has seen yet is harm", () => {
    expect(next(null, cold).verdict).toBe("fail");
  });

  test("excuses nothing that lasts", () => {
    expect(next(remembered(), (age) => (age < 6 ? 0.4 : 0.1)).verdict).toBe("fail");
  });
});

describe("latency", () => {
  const slow = analysis(SLOW);

  test("is compared by a threshold that stable's own history gives, and the threshold is said", () => {
    const { judgement } = play({ analysis: slow }, 300, [stable, { ...canary, slow: 0.1 }]);
    expect(judgement.verdict).toBe("fail");
    const threshold = judgement.signals[0]?.comparison?.slowerThanMs ?? 0;
    expect(threshold).toBe(limitOf(bucketOf(50) + 2));
    expect(judgement.sentence).toContain("slower than 76.1 ms");
    expect(play({ analysis: slow }, 900, [stable, canary]).judgement.verdict).toBe("pass");
  });

  test("stays with its threshold when stable's latency changes during the rollout", () => {
    const random = new Random(2);
    const { analysis: rollout } = play({ analysis: slow }, 10, [stable, canary]);
    const before = rollout.judge().signals[0]?.comparison?.slowerThanMs;
    for (let second = CANARY + 10; second < CANARY + 300; second++)
      rollout.update(
        second * 1_000,
        blocks(random, second, [
          { ...stable, slow: 0.9 },
          { ...canary, slow: 0.9 },
        ]),
      );
    expect(rollout.judge().signals[0]?.comparison?.slowerThanMs).toBe(before);
  });

  test("of which too little was seen is inconclusive, and says what is missing", () => {
    const rollout = new RolloutAnalysis(options({ analysis: slow }));
    const random = new Random(3);
    for (let second = 0; second < 50; second++)
      rollout.update(
        second * 1_000,
        blocks(random, second, [
          { ...stable, requests: 1 },
          { ...canary, startedAt: 0 },
        ]),
      );
    expect(rollout.judge()).toMatchObject({
      verdict: "inconclusive",
      sentence: "slow: too few of stable's requests were seen to say what slow is",
    });
  });

  test("is of those requests that have one: upgraded connections are neither quick nor slow", () => {
    const rollout = new RolloutAnalysis(options({ analysis: slow }));
    const random = new Random(4);
    for (let second = 0; second < 60; second++) {
      const seen = blocks(random, second, [stable, { ...canary, startedAt: 30 }]);
      rollout.update(
        second * 1_000,
        seen.map((block) => ({ ...block, total: block.total + 1_000 })),
      );
    }
    expect(rollout.judge().signals[0]).toMatchObject({ canary: { total: 30 * 20 }, stable: { total: 59 * 100 } });
  });

  test("with a threshold of the spec needs no history, and is counted by the target where that can", () => {
    const fixed = analysis({ ...SLOW, source: { kind: "slow", slowerThanMs: 400 } });
    const buckets = play({ analysis: fixed }, 300, [stable, { ...canary, slow: 0.1 }]).judgement;
    const counted = play({ analysis: fixed, slowMs: 400 }, 300, [stable, { ...canary, slow: 0.1 }]).judgement;
    expect(buckets.verdict).toBe("fail");
    expect(counted.verdict).toBe("fail");
    expect(buckets.signals[0]?.comparison?.slowerThanMs).toBe(limitOf(bucketOf(400)));
    expect(counted.signals[0]?.comparison?.slowerThanMs).toBe(400);
    expect(counted.signals[0]?.canary).toEqual(buckets.signals[0]?.canary);
  });
});

describe("where there is no stable group", () => {
  test("a first release without objective is not judged", () => {
    const { judgement } = play({ stable: null, analysis: analysis(ERRORS, SLOW) }, 60, [harmful]);
    expect(judgement).toMatchObject({ verdict: "pass", signals: [] });
  });

  test("one with an objective is compared with that", () => {
    const first = { stable: null, analysis: analysis({ ...ERRORS, objective: 0.01 }) };
    const harm = play(first, 120, [harmful]).judgement;
    expect(harm).toMatchObject({ verdict: "fail", signals: [{ stable: null }] });
    expect(harm.sentence).toContain("the objective is 1 %");
    expect(play(first, 900, [canary]).judgement.verdict).toBe("pass");
  });
});

describe("an objective beside a stable group", () => {
  const objective = { analysis: analysis({ ...ERRORS, objective: 0.01 }) };
  const gone = (after: number): Behaviour => ({ ...stable, endedAt: CANARY + after });

  test("does not count while stable answers: what both suffer from is no harm of the canary's", () => {
    const errors = () => 0.05;
    const { judgement } = play(objective, 600, [
      { ...stable, errors },
      { ...canary, errors },
    ]);
    expect(judgement.verdict).not.toBe("fail");
  });

  test("takes over once the canary has had thirty requests in a row, which it has with all of them only", () => {
    const errors = (age: number) => (age < 5 ? 0.002 : 0.5);
    const { judgement } = play(objective, 20, [gone(5), { ...canary, errors }]);
    expect(judgement.verdict).toBe("fail");
    expect(judgement.sentence).toContain("the objective is 1 %");
  });

  test("decides about a command that measures the new release alone from its first run on", () => {
    const source = { kind: "command", argv: ["./smoke"], everyMs: 30_000, timeoutMs: 5_000, staleMs: 90_000 } as const;
    const smoke: CompiledSignal = { ...CHECKOUTS, name: "smoke", objective: 0.01, source };
    const rollout = new RolloutAnalysis(options({ analysis: analysis(smoke) }));
    let runs = 0;
    for (; rollout.verdict !== "fail" && runs < 20; runs++)
      rollout.measured("smoke", { at: runs * 30_000, stable: [], canary: [{ replica: "c", bad: 1, total: 1 }] });
    expect(runs).toBeLessThanOrEqual(4);
    expect(rollout.judge().sentence).toContain("the objective is 1 %");
  });

  test("takes over from a polled stable group that is listed without requests, too", () => {
    const polled: CompiledSignal = { ...CHECKOUTS, objective: 0.01 };
    const rollout = new RolloutAnalysis(options({ analysis: analysis(polled) }));
    const silent = [{ replica: "s", bad: 0, total: 0 }];
    for (let look = 0; look < 60; look++)
      rollout.measured("checkouts", {
        at: look * 10_000,
        stable: silent,
        canary: [{ replica: "c", bad: 50, total: 100 }],
      });
    expect(rollout.judge().verdict).toBe("fail");
  });
});

describe("false alarms", () => {
  test("of all attempts together spend what the spec allows, and the first one most of it", () => {
    const attempts = Array.from({ length: 50 }, (_, i) => spend(0.01, i + 1));
    expect(attempts.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(0.01 + 1e-15);
    expect(attempts[0]).toBeCloseTo(0.009, 12);
    for (const [i, one] of attempts.entries()) if (i > 0) expect(one).toBeLessThan(attempts[i - 1] ?? 0);
  });

  test("are shared by the signals; a pass needs all of them, so each has all of β", () => {
    const three = analysis(ERRORS, SLOW, CHECKOUTS);
    const { signals } = play({ analysis: three, attempt: 2 }, 60, [stable, canary]).judgement;
    const levels = signals.map(({ comparison }) => comparison?.level);
    expect(levels.reduce((sum, level) => sum + (level?.fail ?? 0), 0)).toBeCloseTo(spend(0.01, 2), 12);
    for (const level of levels) expect(level?.pass).toBe(0.05);
  });

  test("of the comparison and of the objective are one signal's: each has half", () => {
    const { signals } = play({ analysis: analysis({ ...ERRORS, objective: 0.01 }) }, 60, [stable, canary]).judgement;
    expect(signals[0]?.comparison?.level.fail).toBeCloseTo(spend(0.01, 1) / 2, 12);
  });
});

test("what a polled source measured is compared as everything else; a signal that nobody declared is not", () => {
  const rollout = new RolloutAnalysis(options({ analysis: analysis(CHECKOUTS) }));
  const look = (at: number, bad: number) => ({
    at,
    stable: [{ replica: "s", bad: 0, total: 100 }],
    canary: [{ replica: "c", bad, total: 100 }],
  });
  for (let i = 0; i < 30; i++) rollout.measured("nothing", look(i * 10_000, 100));
  expect(rollout.judge().verdict).toBe("no-data");
  for (let i = 0; i < 30; i++) rollout.measured("checkouts", look(i * 10_000, 40));
  expect(rollout.judge().sentence).toMatch(/^1200 of 3000 requests bad by checkouts \(40 %\), stable 0 %: worse/);
});

test("a restart between any two seconds changes nothing, and what is kept is small", () => {
  const all = { analysis: analysis({ ...ERRORS, objective: 0.01 }, SLOW, CHECKOUTS) };
  const random = new Random(9);
  const whole = new RolloutAnalysis(options(all));
  let torn = new RolloutAnalysis(options(all));
  const seen = (second: number) => blocks(random, second, [stable, { ...canary, startedAt: 60, slow: 0.01 }]);
  for (let second = 0; second < 300; second++) {
    const shown = seen(second);
    for (const one of [whole, torn]) {
      if (second < 60) one.learn(second * 1_000, shown);
      else one.update(second * 1_000, shown);
      if (second > 60 && second % 10 === 0)
        one.measured("checkouts", { at: second * 1_000, stable: [], canary: [{ replica: "c", bad: 0, total: 1 }] });
    }
    const text = JSON.stringify(torn.snapshot());
    expect(text.length).toBeLessThan(24_000);
    torn = RolloutAnalysis.restore(options(all), JSON.parse(text));
    expect(torn.at).toBe(second * 1_000);
    expect(torn.judge()).toEqual(whole.judge());
  }
  expect(JSON.parse(JSON.stringify(torn.snapshot()))).toEqual(JSON.parse(JSON.stringify(whole.snapshot())));
});

test("whatever comes in whatever amounts, figures are numbers, and the glance, the judgement and the restarted agree", () => {
  const signals = [
    { ...ERRORS, objective: 0.01 },
    SLOW,
    { ...SLOW, name: "fixed", source: { kind: "slow", slowerThanMs: 100 } },
    CHECKOUTS,
  ] as const;
  const counts = fc.oneof(fc.constant(0), fc.nat({ max: 3 }), fc.nat({ max: 500 }), fc.nat({ max: 200_000 }));
  const block = fc
    .record({
      group: fc.constantFrom("r0", "r1", "r1", "r2"),
      replica: fc.constantFrom("a", "b", "c"),
      total: counts,
      bad: fc.constantFrom(0, 0.001, 0.5, 1),
      bucket: fc.option(fc.nat({ max: 71 }), { nil: null }),
    })
    .map(({ group, replica, total, bad, bucket }) => ({
      at: 0,
      group,
      replica: `${group}-${replica}`,
      total,
      errors: Math.floor(bad * total),
      slow: Math.ceil(bad * total),
      restarts: 0,
      ...(bucket === null ? {} : { latencies: { [bucket]: Math.ceil(total / 2), 3: Math.floor(total / 2) } }),
    }));
  const seconds = fc.array(
    fc.record({
      gap: fc.constantFrom(1, 1, 1, 2, 61, 1_000),
      learns: fc.boolean(),
      polled: fc.boolean(),
      blocks: fc.array(block, { maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(seconds, fc.constantFrom("r1", null), (played, besides) => {
      const all = options({ analysis: analysis(...signals), stable: besides });
      const whole = new RolloutAnalysis(all);
      let torn = new RolloutAnalysis(all);
      let at = 0;
      let learning = true;
      for (const { gap, learns, polled, blocks: some } of played) {
        at += 1_000 * gap;
        learning &&= learns;
        const shown = some.map((one) => ({ ...one, at }));
        const [canary] = shown.filter(({ group }) => group === "r2");
        for (const one of [whole, torn]) {
          if (learning) one.learn(at, shown);
          else one.update(at, shown);
          if (polled && canary !== undefined)
            one.measured("checkouts", {
              at,
              stable: [],
              canary: [{ replica: "c", bad: canary.errors, total: canary.total }],
            });
        }
        const text = JSON.stringify(torn.snapshot());
        expect(text).not.toMatch(/NaN|Infinity/);
        torn = RolloutAnalysis.restore(all, JSON.parse(text));
        const judgement = whole.judge();
        expect(torn.judge()).toEqual(judgement);
        expect(whole.verdict).toBe(judgement.verdict);
        expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
        expect(JSON.stringify(judgement)).not.toMatch(/NaN|Infinity|undefined/);
      }
    }),
    { seed: 15, numRuns: 100 },
  );
});

describe("one verdict of several", () => {
  const one = (signal: string, verdict: Judgement["verdict"]) => {
    return { signal, verdict, canary: { bad: 0, total: 1 }, stable: null, sentence: `${signal} ${verdict}` };
  };

  test("is the worst: fail, provider-error, no-data, inconclusive, pass", () => {
    const order = ["fail", "provider-error", "no-data", "inconclusive", "pass"] as const;
    for (const [i, worse] of order.entries())
      for (const better of order.slice(i)) {
        expect(combine([one("a", better), one("b", worse)]).verdict).toBe(worse);
        expect(combine([one("a", worse), one("b", better)]).verdict).toBe(worse);
      }
  });

  test("says what those signals say that decided it", () => {
    expect(combine([one("a", "fail"), one("b", "pass"), one("c", "fail")]).sentence).toBe("a fail; c fail");
    expect(providerError(["errors", "slow"], "timeout").verdict).toBe("provider-error");
  });
});

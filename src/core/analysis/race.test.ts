import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../bench/analysis/random.js";
import { ErrorRace, type RaceOptions } from "./race.js";

const WORSE = [1.3, 1.7, 2.5, 5, 12, 50];
const NOT_WORSE = [0.02, 0.1, 0.25, 0.5, 0.75, 0.9];
const MARGINS = [0, 0.005, 0.05];
const RATES = [0.0001, 0.01, 0.1, 0.3, 0.5, 0.9];
const SIZES = [
  [1, 1],
  [5, 1],
  [9, 3],
  [2, 8],
] as const;

/** The closed form of the research note, section 1. */
function byHand(w: number, margin: number, k1: number, n1: number, k2: number, n2: number): number {
  const u = (w * (n1 + n2)) / (n1 + n2 * w);
  const r = (n1 + n2) / (n1 + n2 * w);
  return u ** k2 * r ** k1 * Math.exp(-n2 * (u - 1) * margin);
}

function chance(k: number, n: number, p: number): number {
  let ways = 1;
  for (let i = 0; i < k; i++) ways *= (n - i) / (i + 1);
  return ways * p ** k * (1 - p) ** (n - k);
}

/** The mean of `value` over every outcome of two groups with rates `p1` and `p2`. */
function mean(n1: number, p1: number, n2: number, p2: number, value: (k1: number, k2: number) => number): number {
  let sum = 0;
  for (let k1 = 0; k1 <= n1; k1++)
    for (let k2 = 0; k2 <= n2; k2++) sum += chance(k1, n1, p1) * chance(k2, n2, p2) * value(k1, k2);
  return sum;
}

/** What each expert made of one stake; the last one never bets. */
function stakes(options: RaceOptions, blocks: readonly (readonly [number, number, number, number])[]): number[] {
  const race = new ErrorRace(options);
  for (const [i, [k1, n1, k2, n2]] of blocks.entries()) race.update(i * 1_000, k1, n1, k2, n2);
  const { weights } = race.snapshot();
  const cash = weights.at(-1) ?? 0;
  return weights.map((weight) => weight / cash);
}

describe("one block, all outcomes counted out", () => {
  test("each expert is the closed form", () => {
    for (const ratios of [WORSE, NOT_WORSE])
      for (const margin of MARGINS) {
        const made = stakes({ ratios, margin, share: 0 }, [[3, 40, 2, 7]]);
        for (const [j, w] of ratios.entries()) expect(made[j]).toBeCloseTo(byHand(w, margin, 3, 40, 2, 7), 10);
      }
  });

  test("nobody wins on average where the canary is at the margin, or within it", () => {
    let highest = 0;
    for (const [claim, ratios] of [["worse", WORSE] as const, ["not worse", NOT_WORSE] as const])
      for (const margin of MARGINS)
        for (const p1 of RATES)
          for (const beyond of [0, 0.01, 0.2]) {
            const p2 = claim === "worse" ? Math.max(0, p1 + margin - beyond) : Math.min(1, p1 + margin + beyond);
            // Nearer to a rate of 1 than the margin there is nothing left that would be worse by it.
            if (p1 + margin > 1) continue;
            for (const [n1, n2] of SIZES)
              for (const w of ratios)
                highest = Math.max(
                  highest,
                  mean(n1, p1, n2, p2, (k1, k2) => byHand(w, margin, k1, n1, k2, n2)),
                );
          }
    expect(highest).toBeLessThanOrEqual(1 + 1e-12);
    expect(highest).toBeGreaterThan(0.999);
  });

  test("some win where the claim is true", () => {
    const harmed = (w: number) => mean(9, 0.01, 3, 0.3, (k1, k2) => byHand(w, 0.005, k1, 9, k2, 3));
    const clean = (w: number) => mean(9, 0.001, 3, 0.001, (k1, k2) => byHand(w, 0.05, k1, 9, k2, 3));
    expect(Math.max(...WORSE.map(harmed))).toBeGreaterThan(2);
    expect(Math.max(...NOT_WORSE.map(clean))).toBeGreaterThan(1.1);
  });

  test("nor does the whole mixture, exact experts and all, once stable's rate is known to be high", () => {
    for (const [claim, ratios] of [["worse", WORSE] as const, ["not worse", NOT_WORSE] as const])
      for (const margin of MARGINS)
        for (const p1 of [0.05, 0.3, 0.6, 0.9])
          for (const beyond of [0, 0.03]) {
            const options = { ratios, margin, share: 0.002 };
            const p2 = claim === "worse" ? p1 + margin - beyond : Math.min(1, p1 + margin + beyond);
            const begun = { ...new ErrorRace(options).snapshot(), seen: [300, 1_000] };
            const won = (k1: number, k2: number) => Math.exp(ErrorRace.restore(options, begun).update(0, k1, 6, k2, 4));
            expect(mean(6, p1, 4, p2, won)).toBeLessThanOrEqual(1 + 1e-12);
          }
  });
});

describe("several blocks", () => {
  test("are mixed by hand: after an error a share of the weight is dealt anew, else none", () => {
    const [share, margin] = [0.1, 0.005];
    const race = new ErrorRace({ ratios: [2, 10], margin, share });
    // Two ratios, three exact experts that do not bet at so low a rate, and the one that never bets.
    let weights = [1, 1, 1, 1, 1, 1].map((one) => one / 6);
    let log = 0;
    for (const [k1, n1, k2, n2] of [
      [0, 50, 2, 10],
      [0, 40, 0, 10],
      [1, 60, 1, 10],
    ] as const) {
      const won = [byHand(2, margin, k1, n1, k2, n2), byHand(10, margin, k1, n1, k2, n2), 1, 1, 1, 1];
      const after = weights.map((weight, j) => weight * (won[j] ?? 0));
      const sum = after.reduce((all, one) => all + one, 0);
      const dealt = k1 + k2 > 0 ? share : 0;
      weights = after.map((one) => ((1 - dealt) * one) / sum + dealt / 6);
      log += Math.log(sum);
      expect(race.update(0, k1, n1, k2, n2)).toBeCloseTo(Math.log(sum), 12);
    }
    expect(race.log).toBeCloseTo(log, 12);
    for (const [j, weight] of race.snapshot().weights.entries()) expect(weight).toBeCloseTo(weights[j] ?? 0, 12);
  });

  test("multiply to no more than 1 on average, over the whole tree of outcomes", () => {
    for (const [ratios, margin, p1, p2] of [
      [WORSE, 0, 0.2, 0.2],
      [WORSE, 0.05, 0.4, 0.45],
      [NOT_WORSE, 0.05, 0.1, 0.15],
      [NOT_WORSE, 0.005, 0.6, 0.605],
    ] as const) {
      const options = { ratios, margin, share: 0.05 };
      const tree = (race: ErrorRace, depth: number): number => {
        if (depth === 0) return Math.exp(race.log);
        const here = race.snapshot();
        return mean(4, p1, 2, p2, (k1, k2) => {
          const next = ErrorRace.restore(options, here);
          next.update(0, k1, 4, k2, 2);
          return tree(next, depth - 1);
        });
      };
      expect(tree(new ErrorRace(options), 3)).toBeLessThanOrEqual(1 + 1e-12);
    }
  });

  test("harm that begins after 30 clean minutes is found as fast as if it had begun at once", () => {
    const seconds = (clean: number) => {
      const random = new Random(7);
      const race = new ErrorRace({ ratios: WORSE, margin: 0, share: 0.002 });
      for (let at = 0; ; at++) {
        race.update(at * 1_000, random.binomial(180, 0.001), 180, random.binomial(20, at < clean ? 0.001 : 0.05), 20);
        if (race.log > Math.log(100)) return at - clean;
      }
    };
    expect(seconds(0)).toBeLessThan(15);
    expect(seconds(1_800)).toBeLessThan(30);
  });
});

describe("what must not matter", () => {
  const count = fc.nat({ max: 30 });
  const counts = fc.record({ k1: count, more1: count, k2: count, more2: count });
  const blocks = fc.array(
    counts.map(({ k1, more1, k2, more2 }) => [k1, k1 + more1 + 1, k2, k2 + more2 + 1] as const),
    { minLength: 1, maxLength: 20 },
  );

  test("which group is called which, when the claim is mirrored", () => {
    fc.assert(
      fc.property(blocks, (played) => {
        const made = stakes({ ratios: [2, 5, 12], margin: 0, share: 0 }, played);
        const swapped = played.map(([k1, n1, k2, n2]) => [k2, n2, k1, n1] as const);
        const mirrored = stakes({ ratios: [1 / 2, 1 / 5, 1 / 12], margin: 0, share: 0 }, swapped);
        for (const j of [0, 1, 2])
          expect(Math.log(mirrored[j] ?? 0)).toBeCloseTo(Math.max(-640, Math.log(made[j] ?? 0)), 6);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("seconds without requests; and seconds with requests in one group belong to the next block", () => {
    fc.assert(
      fc.property(blocks, fc.boolean(), (played, stableFirst) => {
        const options = { ratios: WORSE, margin: 0.005, share: 0.002 };
        const [plain, torn] = [new ErrorRace(options), new ErrorRace(options)];
        for (const [i, [k1, n1, k2, n2]] of played.entries()) {
          const at = i * 10_000;
          plain.update(at, k1, n1, k2, n2);
          torn.update(at, 0, 0, 0, 0);
          expect(stableFirst ? torn.update(at + 1_000, k1, n1, 0, 0) : torn.update(at + 1_000, 0, 0, k2, n2)).toBe(0);
          torn.update(at + 2_000, 0, 0, 0, 0);
          if (stableFirst) torn.update(at + 3_000, 0, 0, k2, n2);
          else torn.update(at + 3_000, k1, n1, 0, 0);
        }
        expect(torn.log).toBe(plain.log);
        expect(torn.highest).toBe(plain.highest);
      }),
      { seed: 2, numRuns: 60 },
    );
  });

  test("a restart between any two blocks", () => {
    fc.assert(
      fc.property(blocks, (played) => {
        const options = { ratios: NOT_WORSE, margin: 0.05, share: 0 };
        const whole = new ErrorRace(options);
        let restarted = new ErrorRace(options);
        for (const [i, [k1, n1, k2, n2]] of played.entries()) {
          const stable = whole.update(i * 2_000, k1, n1, 0, 0) + whole.update(i * 2_000 + 1_000, 0, 0, k2, n2);
          restarted.update(i * 2_000, k1, n1, 0, 0);
          restarted = ErrorRace.restore(options, JSON.parse(JSON.stringify(restarted.snapshot())));
          expect(restarted.update(i * 2_000 + 1_000, 0, 0, k2, n2)).toBe(stable);
        }
        expect(restarted.snapshot()).toEqual(whole.snapshot());
      }),
      { seed: 3, numRuns: 60 },
    );
  });
});

test("what one group did more than a quarter of an hour before the other's first request is no comparison", () => {
  const race = new ErrorRace({ ratios: WORSE, margin: 0, share: 0 });
  race.update(0, 0, 1_000, 0, 0);
  expect(race.update(901_000, 0, 0, 5, 5)).toBe(0);
  // The block that began there is in time.
  expect(race.update(1_800_000, 0, 5, 0, 0)).toBeGreaterThan(0);
});

test("100,000 requests a second that are all bad, on one side, the other and both, stay numbers", () => {
  for (const ratios of [WORSE, NOT_WORSE])
    for (const margin of [0, 0.5, 1]) {
      const race = new ErrorRace({ ratios, margin, share: 0 });
      for (let at = 0; at < 600; at++) {
        const [k1, k2] = [at % 3 === 0 ? 0 : 100_000, at % 5 === 0 ? 0 : 100_000];
        expect(Number.isFinite(race.update(at * 1_000, k1, 100_000, k2, 100_000))).toBe(true);
      }
      const { weights, log } = race.snapshot();
      expect(Number.isFinite(log)).toBe(true);
      expect(weights.every((weight) => weight > 0 && weight <= 1 + 1e-9)).toBe(true);
    }
});

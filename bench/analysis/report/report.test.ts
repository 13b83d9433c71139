import { expect, test } from "vitest";
import { RIVALS } from "../rivals/all.js";
import { Z_TEST } from "../rivals/z-test.js";
import type { SweptCell } from "../sweep.js";
import { bestUsable } from "../sweep.js";
import { decided, joined, meanHarmed, nobody, note, ofSetting } from "./judged.js";
import { ratioOf } from "./ratio.js";
import { shareOf } from "./share.js";
import { study } from "./study.js";
import { medianAndP90, quantile } from "./times.js";

test("Wilson's interval is SciPy's", () => {
  // scipy 1.17.1, binomtest(10, 1000) and (0, 2000).proportion_ci(method="wilson").
  const ten = shareOf(10, 1_000);
  expect([ten.from, ten.to]).toEqual([expect.closeTo(0.005440754446, 8), expect.closeTo(0.01830946887, 8)]);
  const none = shareOf(0, 2_000);
  expect([none.from, none.to]).toEqual([0, expect.closeTo(0.001917047281, 8)]);
});

test("a run without a decision is later than all others, and no quantile pretends to know by how much", () => {
  expect(medianAndP90([5, 0, 7, 6, 9])).toBe("7/never");
  const { value, from, to } = quantile(
    Array.from({ length: 100 }, (_, i) => i + 1),
    0.5,
  );
  // The 40th and the 61st of 100: the ends of the median's 95 % interval in tables of the binomial, too.
  expect(value).toBe(50);
  expect(from).toBe(40);
  expect(to).toBe(61);
});

test("what a judge did is kept setting by setting; who never decides is harmed to the end", () => {
  const harmedUntil = Int32Array.of(0, 1, 1, 4);
  const [first, second] = [nobody(1, 2), nobody(2, 2)];
  note(first, 0, [1, 0], harmedUntil);
  note(second, 0, [3, 2], harmedUntil);
  note(second, 1, [0, 0], harmedUntil);
  const all = joined([first, null, second]);
  if (all === null) throw new Error("nothing was joined");
  expect([...ofSetting(all, 0).seconds]).toEqual([1, 3, 0]);
  expect([...ofSetting(all, 1).harmed]).toEqual([4, 1, 4]);
  expect([...decided(all)]).toEqual([2, 1]);
  expect([...meanHarmed(all)]).toEqual([3, 3]);
});

test("a setting that fails too many clean canaries on one trace is not usable, however good it is otherwise", () => {
  const rival = RIVALS.indexOf(Z_TEST);
  const shares = (...of: number[]) => {
    const all = new Float64Array(Z_TEST.settings.length).fill(1);
    all.set(of);
    return RIVALS.map(() => all);
  };
  const swept: SweptCell[] = [
    { trace: "independent", base: 0.001, falseAlarms: shares(0.05, 0.01, 0) },
    { trace: "burst-60", base: 0.01, falseAlarms: shares(0.06, 0.05, 0) },
  ];
  expect(bestUsable(swept, rival, Float64Array.of(1, 2, 3))).toBe(1);
  expect(bestUsable(swept.slice(0, 1), rival, Float64Array.of(1, 2, 3))).toBe(0);
  expect(
    bestUsable([{ trace: "ramp", base: 0.01, falseAlarms: shares() }], rival, Float64Array.of(1, 2, 3)),
  ).toBeNull();
});

test("a ratio of means stands within its interval, and is the same for the same seed", () => {
  const above = Int32Array.from({ length: 200 }, (_, i) => 1 + (i % 7));
  const below = Int32Array.from({ length: 200 }, (_, i) => 80 + (i % 41));
  const ratio = ratioOf(above, below, 1);
  expect(ratio.value).toBeCloseTo(3.97 / 99.55, 10);
  expect(ratio.from).toBeLessThan(ratio.value);
  expect(ratio.to).toBeGreaterThan(ratio.value);
  expect(ratioOf(above, below, 1)).toEqual(ratio);
});

test("a study in one piece or in two finds the same", () => {
  const about = {
    trace: "burst-10",
    base: 0.01,
    harm: { badRate: 0.3 },
    history: 60,
    ours: "fail",
    rivals: "published",
  } as const;
  const whole = study({ ...about, from: 1, runs: 4 });
  const parts = [study({ ...about, from: 1, runs: 1 }), study({ ...about, from: 2, runs: 3 })];
  expect(joined(parts.map(({ ours }) => ours))).toEqual(whole.ours);
  expect(joined(parts.map(({ oracle }) => oracle))).toEqual(whole.oracle);
  for (const r of RIVALS.keys()) expect(joined(parts.map(({ rivals }) => rivals[r]))).toEqual(whole.rivals[r]);
});

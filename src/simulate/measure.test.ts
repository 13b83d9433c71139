import { expect, test } from "vitest";
import type { Block } from "../core/model/judgement.js";
import { BASE, measured } from "./measure.js";

const MINUTE = 60_000;

function minute(index: number, total: number, errors = 0, slow = 0): Block {
  return { at: index * MINUTE, group: "r1", replica: "a", total, errors, slow, restarts: 0 };
}

test("the last hour counts, without the minutes in which counting began and ended", () => {
  const blocks = Array.from({ length: 90 }, (_, index) => minute(index, index < 20 ? 6_000 : 120, 0, 0));
  expect(measured([...blocks, minute(90, 3)], MINUTE)?.requestsPerSecond).toBe(2);
});

test("minutes without requests are minutes, too", () => {
  const found = measured([minute(0, 9), minute(10, 60), minute(19, 60), minute(30, 9)], MINUTE);
  expect(found?.requestsPerSecond).toBeCloseTo(120 / 600);
});

test("how many are bad is said when enough were counted", () => {
  const few = measured([minute(0, 10, 5), minute(1, 10, 5), minute(2, 10, 5)], MINUTE);
  expect(few?.base).toEqual(BASE);
  const many = [minute(0, 1), minute(1, 5_000, 20, 100), minute(2, 5_000, 30, 100), minute(3, 1)];
  expect(measured(many, MINUTE)?.base).toEqual({ errors: 0.005, slow: 0.02 });
  // None in ten thousand is not none at all; how many are slow by a learned threshold is below 5 %.
  const odd = measured([minute(0, 1), minute(1, 10_000, 0, 9_000), minute(2, 1)], MINUTE);
  expect(odd?.base).toEqual({ errors: 0.00005, slow: 0.04 });
});

test("nothing was counted", () => {
  expect(measured([], MINUTE)).toBeNull();
  expect(measured([minute(0, 0)], MINUTE)).toBeNull();
});

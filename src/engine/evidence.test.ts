import fc from "fast-check";
import { expect, test } from "vitest";
import type { Block } from "../core/model/judgement.js";
import { EvidenceWindow } from "./evidence.js";

function block(at: number, total: number, replica = "a", group = "r1"): Block {
  return { at, group, replica, total, errors: total > 1 ? 1 : 0, slow: 0, restarts: 0 };
}

const total = (blocks: readonly Block[]): number => blocks.reduce((sum, one) => sum + one.total, 0);

test("a block that comes again replaces the earlier one, and each group has its own", () => {
  const window = new EvidenceWindow();
  window.add([block(5_000, 3), block(5_000, 7), block(6_000, 1), block(5_000, 9, "a", "r2")]);
  expect(window.of("r1", 0).map(({ at, total }) => [at, total])).toEqual([
    [5_000, 7],
    [6_000, 1],
  ]);
  expect(total(window.of("r2", 0))).toBe(9);
  expect(window.of("r3", 0)).toEqual([]);
});

test("a second counts when it touches what comes after", () => {
  const window = new EvidenceWindow();
  window.add([block(4_000, 1), block(5_000, 2)]);
  expect(total(window.of("r1", 5_000))).toBe(2);
  expect(total(window.of("r1", 4_999))).toBe(3);
});

test("blocks may come in any order, and are the same as in order", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 800 }), { minLength: 1 }), (seconds) => {
      const window = new EvidenceWindow();
      for (const second of seconds) window.add([block(second * 1_000, second)]);
      const found = window.of("r1", 0).map(({ at, total }) => [at, total]);
      expect(found).toEqual([...seconds].sort((a, b) => a - b).map((second) => [second * 1_000, second]));
    }),
  );
});

test("a rollout of days keeps its totals and the last minutes second by second, in bounded space", () => {
  const window = new EvidenceWindow();
  for (let second = 1; second <= 100_000; second++) window.add([block(second * 1_000, 1)]);
  expect(total(window.of("r1", 0))).toBe(100_000);
  expect(window.of("r1", 0).length).toBeLessThan(1_000);
  expect(total(window.of("r1", 99_400_000))).toBe(601);
});

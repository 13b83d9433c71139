import fc from "fast-check";
import { expect, test } from "vitest";
import { SLOTS, scheduleOf } from "./schedule.js";

/** Integer weights of 1 to 6 groups that sum to 100. */
const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 0, maxLength: 5 }).map((cuts) => {
  const bounds = [0, ...[...cuts].sort((a, b) => a - b), 100];
  return bounds.slice(1).map((bound, at) => bound - (bounds[at] ?? 0));
});

test("any 100 consecutive requests get exactly the weights, wherever they begin", () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 0, max: 1_000 }), (shares, begin) => {
      const slots = scheduleOf(shares);
      const counts = shares.map(() => 0);
      for (let request = begin; request < begin + SLOTS; request++) {
        const group = slots[request % SLOTS] ?? -1;
        counts[group] = (counts[group] ?? 0) + 1;
      }
      expect(counts).toEqual(shares);
    }),
  );
});

test("a canary of 10 % gets one request of each ten, not ten in a row", () => {
  const slots = scheduleOf([90, 10]);
  const stretches = Array.from({ length: 10 }, (_, n) => slots.slice(n * 10, n * 10 + 10));
  expect(stretches.map((stretch) => stretch.filter((group) => group === 1).length)).toEqual(Array(10).fill(1));
});

test("clients that ask ten kinds of requests in turn show most of them to a canary of 20 %", () => {
  const slots = scheduleOf([80, 20]);
  const kinds = new Set([...slots.keys()].filter((slot) => slots[slot] === 1).map((slot) => slot % 10));
  expect(kinds.size).toBeGreaterThanOrEqual(8);
});

test("without weights there is nothing to deal", () => {
  expect(scheduleOf([]).length).toBe(0);
  expect(scheduleOf([0, 0]).length).toBe(0);
});

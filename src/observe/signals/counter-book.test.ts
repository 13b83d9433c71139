import fc from "fast-check";
import { expect, it } from "vitest";
import { CounterBook, type Reading } from "./counter-book.js";

const STALE_MS = 30_000;
const at = (replica: string, total: number, bad?: number, series = replica): Reading[] => [
  { series, replica, field: "total", value: total },
  ...(bad === undefined ? [] : [{ series, replica, field: "bad" as const, value: bad }]),
];
const book = () => new CounterBook(STALE_MS);
const canary = (of: CounterBook, now: number, readings: readonly Reading[]) =>
  of.advance(now, { stable: [], canary: readings })?.canary;

it("takes the first sight of a replica for where it stands: what it counted before is of another time", () => {
  const counters = book();
  expect(canary(counters, 0, at("a", 1_000, 100))).toBeUndefined();
  expect(canary(counters, 5_000, [...at("a", 1_010, 101), ...at("b", 70_000, 900)])).toEqual([
    { replica: "a", bad: 1, total: 10 },
  ]);
  expect(canary(counters, 10_000, [...at("a", 1_010, 101), ...at("b", 70_005, 900)])).toEqual([
    { replica: "a", bad: 0, total: 0 },
    { replica: "b", bad: 0, total: 5 },
  ]);
});

it("counts the first error of a known replica, whose counter did not exist before", () => {
  const counters = book();
  canary(counters, 0, at("a", 100));
  expect(canary(counters, 5_000, at("a", 110, 2))).toEqual([{ replica: "a", bad: 2, total: 10 }]);
});

it("counts from zero what began anew, and forgets the errors of before", () => {
  const counters = book();
  canary(counters, 0, at("a", 500, 20));
  expect(canary(counters, 5_000, at("a", 30))).toEqual([{ replica: "a", bad: 0, total: 30 }]);
  expect(canary(counters, 10_000, at("a", 60, 25))).toEqual([{ replica: "a", bad: 25, total: 30 }]);
});

it("adds up several counters of one replica, each with its own beginning", () => {
  const counters = book();
  canary(counters, 0, [...at("a", 500, 1, "GET"), ...at("a", 40, 0, "POST")]);
  const readings = [...at("a", 510, 2, "GET"), ...at("a", 3, 3, "POST")];
  expect(canary(counters, 5_000, readings)).toEqual([{ replica: "a", bad: 4, total: 13 }]);
});

it("takes a large counter that goes back a little for two servers that take turns, and counts nothing twice", () => {
  const counters = book();
  canary(counters, 0, at("a", 10_000, 50));
  expect(canary(counters, 5_000, at("a", 9_950, 50))).toEqual([{ replica: "a", bad: 0, total: 0 }]);
  expect(canary(counters, 10_000, at("a", 10_020, 50))).toEqual([{ replica: "a", bad: 0, total: 20 }]);
});

it("counts across a short gap, and not across one that is longer than an answer may be old", () => {
  const counters = book();
  canary(counters, 0, at("a", 100, 0));
  expect(counters.advance(STALE_MS, { stable: [], canary: at("a", 160, 1) })).toEqual({
    at: 0,
    stable: [],
    canary: [{ replica: "a", bad: 1, total: 60 }],
  });
  expect(counters.advance(2 * STALE_MS + 1, { stable: [], canary: at("a", 9_000, 999) })).toBeNull();
});

it("refuses more bad requests than requests, and lets the next look span both", () => {
  const counters = book();
  canary(counters, 0, at("a", 100, 0));
  expect(() => canary(counters, 5_000, at("a", 103, 5))).toThrow(
    '5 bad of 3 in all at replica a of the new group: "bad" and "total" do not count the same things',
  );
  expect(counters.advance(10_000, { stable: [], canary: at("a", 120, 6) })).toEqual({
    at: 0,
    stable: [],
    canary: [{ replica: "a", bad: 6, total: 20 }],
  });
});

it("counts what was served since the first look, however it is cut into looks and whenever processes begin anew", () => {
  const step = fc.record({ good: fc.nat(50), bad: fc.nat(50), restart: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const counters = book();
      let process = { total: 0, bad: 0 };
      let served = { total: 0, bad: 0 };
      let counted = { total: 0, bad: 0 };
      canary(counters, 0, at("a", 0, 0));
      steps.forEach(({ good, bad, restart }, index) => {
        // What nobody can see: a process that began anew and has counted as much as the one before already.
        const before = process;
        process = restart ? { total: good + bad, bad } : { total: before.total + good + bad, bad: before.bad + bad };
        if (restart && (process.total >= before.total || process.bad >= before.bad)) process = before;
        else if (before.total >= 100 && process.total < before.total && process.total >= 0.9 * before.total)
          process = before;
        else if (before.bad >= 100 && process.bad < before.bad && process.bad >= 0.9 * before.bad) process = before;
        else served = { total: served.total + good + bad, bad: served.bad + bad };
        const [seen] = canary(counters, (index + 1) * 5_000, at("a", process.total, process.bad)) ?? [];
        counted = { total: counted.total + (seen?.total ?? 0), bad: counted.bad + (seen?.bad ?? 0) };
      });
      expect(counted).toEqual(served);
    }),
    { seed: 4, numRuns: 300 },
  );
});

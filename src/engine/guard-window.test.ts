import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeGuards } from "../core/analysis/guard.js";
import type { Block } from "../core/model/judgement.js";
import type { Guard } from "../spec/compiled.js";
import { CountedSeconds } from "./counted-seconds.js";
import { GuardWindow } from "./guard-window.js";

const GUARDS: readonly Guard[] = [
  { signal: "errors", above: 0.1, forMs: 3_000, minSamples: 5, slowMs: null },
  { signal: "slow", above: 0.3, forMs: 10_000, minSamples: 0, slowMs: 500 },
  { signal: "restarts", above: 1, forMs: 5_000, minSamples: 0, slowMs: null },
];

function block(second: number, group: string, counts: Partial<Block> = {}, replica = "a"): Block {
  return { at: second * 1_000, group, replica, total: 0, errors: 0, slow: 0, restarts: 0, ...counts };
}

/** Requests, errors and slow ones of a replica in a second; mostly well, at times not, at times nothing. */
const counts = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ total: 10 }) },
  { weight: 2, arbitrary: fc.record({ total: fc.constant(10), errors: fc.nat(6), slow: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ restarts: fc.nat(2) }) },
);
const second = fc.record({ canary: counts, other: counts, stable: counts });

describe("a window of guards", () => {
  test("judges as the guards do over every block of every replica, at any second", () => {
    fc.assert(
      fc.property(fc.array(second, { maxLength: 40 }), fc.boolean(), (seconds, hasStable) => {
        const window = new GuardWindow(GUARDS, "r2", hasStable ? "r1" : null);
        const since = 1_000_000;
        const blocks: Block[] = [];
        for (const [index, { canary, other, stable }] of seconds.entries()) {
          const at = 1_000 + index;
          const all = [block(at, "r2", canary), block(at, "r2", other, "b"), block(at, "r1", stable, "c")];
          // A replica that answered nothing has no block.
          const now = all.filter(({ total, restarts }) => total > 0 || restarts > 0);
          blocks.push(...now);
          window.add(at * 1_000, now);
          const expected = judgeGuards(GUARDS, {
            canary: blocks.filter(({ group }) => group === "r2"),
            stable: hasStable ? blocks.filter(({ group }) => group === "r1") : [],
            since,
            now: (at + 1) * 1_000,
          });
          expect(window.judge(since)).toEqual(expected);
          expect(window.verdict(since)).toBe(expected.verdict);
        }
      }),
    );
  });

  test("has nothing to say about guards that are not there", () => {
    const window = new GuardWindow([], "r2", "r1");
    window.add(0, [block(0, "r2", { total: 1, errors: 1 })]);
    expect(window.verdict(0)).toBe("pass");
    expect(window.judge(0).signals).toEqual([]);
  });
});

describe("counted seconds", () => {
  test("of days are a ring of the longest window, and the sum of all", () => {
    const seconds = new CountedSeconds(60_000);
    for (let at = 1; at <= 100_000; at++) seconds.add(at * 1_000, [block(at, "r1", { total: 1 })], "r1");
    expect(seconds.all.total).toBe(100_000);
    expect(seconds.since(100_001_000 - 60_000).total).toBe(60);
    const blocks = seconds.blocks("r1");
    expect(blocks.length).toBeLessThanOrEqual(62);
    expect(blocks.reduce((sum, { total }) => sum + total, 0)).toBe(100_000);
  });

  test("that were left out have nothing in them", () => {
    const seconds = new CountedSeconds(5_000);
    seconds.add(1_000, [block(1, "r1", { total: 3 })], "r1");
    seconds.add(50_000, [block(50, "r1", { total: 4 }), block(50, "r2", { total: 9 })], "r1");
    expect(seconds.since(0).total).toBe(4);
    expect(seconds.all.total).toBe(7);
  });
});

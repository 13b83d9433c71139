import { describe, expect, test } from "vitest";
import type { Guard } from "../../spec/compiled.js";
import type { Block } from "../model/judgement.js";
import { judgeGuard, judgeGuards } from "./guard.js";
import { combine, type Evidence, providerError } from "./seam.js";

const errors: Guard = { signal: "errors", above: 0.05, forMs: 10_000, minSamples: 20, slowMs: null };

/** One block per second from `from` to `to`, with `bad` of ten requests. */
function blocks(from: number, to: number, bad: number, changes: Partial<Block> = {}): Block[] {
  const found: Block[] = [];
  for (let second = from; second < to; second++)
    found.push({
      at: second * 1_000,
      group: "r2",
      replica: "a",
      total: 10,
      errors: bad,
      slow: 0,
      restarts: 0,
      ...changes,
    });
  return found;
}

function evidence(canary: readonly Block[], changes: Partial<Evidence> = {}): Evidence {
  return { canary, stable: [], since: 0, now: 60_000, ...changes };
}

const verdict = (canary: readonly Block[], changes: Partial<Evidence> = {}, guard: Guard = errors) =>
  judgeGuard(guard, evidence(canary, changes)).verdict;

describe("a threshold with a duration", () => {
  test("fails when it was above in the whole window, not before the window is full", () => {
    expect(verdict(blocks(0, 60, 3))).toBe("fail");
    expect(verdict(blocks(52, 60, 3), { since: 52_000 })).toBe("inconclusive");
    expect(judgeGuard(errors, evidence(blocks(0, 60, 3))).sentence).toContain("errors > 5 % for 10 s");
  });

  test("is not set off by one bad slice, and holds the stage while the window is bad", () => {
    expect(verdict([...blocks(0, 58, 0), ...blocks(58, 60, 10)])).toBe("inconclusive");
    expect(verdict([...blocks(0, 40, 0), ...blocks(40, 41, 10), ...blocks(41, 60, 0)])).toBe("pass");
  });

  test("leaves slices without requests out", () => {
    expect(verdict([...blocks(0, 53, 3), ...blocks(57, 60, 3)])).toBe("fail");
  });

  test("too few samples are inconclusive, none are no data", () => {
    expect(verdict(blocks(58, 59, 10))).toBe("inconclusive");
    expect(verdict([])).toBe("no-data");
    expect(verdict([], { since: 0 }, { ...errors, minSamples: 0 })).toBe("no-data");
  });

  test("passes when what it saw is within the limit", () => {
    expect(verdict(blocks(0, 60, 0))).toBe("pass");
  });

  test("counts slow requests for the signal slow", () => {
    const slow: Guard = { ...errors, signal: "slow", slowMs: 500 };
    expect(verdict(blocks(0, 60, 0, { slow: 4 }), {}, slow)).toBe("fail");
    expect(verdict(blocks(0, 60, 9), {}, slow)).toBe("pass");
  });
});

describe("a bad stable", () => {
  const stable = (bad: number, from = 0, to = 60) => blocks(from, to, bad, { group: "r1" });

  test("does not block a fix, nor one that is as bad by chance", () => {
    expect(verdict(blocks(0, 60, 1), { stable: stable(5) })).toBe("pass");
    expect(verdict(blocks(0, 60, 3), { stable: stable(3) })).toBe("pass");
    expect(verdict([...blocks(0, 59, 3), ...blocks(59, 60, 4)], { stable: stable(3) })).toBe("pass");
  });

  test("does not excuse one that is clearly worse", () => {
    expect(verdict(blocks(0, 60, 9), { stable: stable(3) })).toBe("fail");
  });

  test("is remembered when it gets no requests any more", () => {
    expect(verdict(blocks(0, 60, 3), { stable: stable(3, 0, 30) })).toBe("pass");
  });

  test("that is within the limit is no excuse, however little worse the new one is", () => {
    const guard = { ...errors, above: 0.25 };
    expect(verdict(blocks(0, 60, 3), { stable: stable(2) }, guard)).toBe("fail");
  });
});

test("restarts are a count in the window", () => {
  const guard: Guard = { signal: "restarts", above: 2, forMs: 10_000, minSamples: 0, slowMs: null };
  const restarted = (times: number) => blocks(55, 55 + times, 0, { total: 0, restarts: 1 });
  expect(verdict(restarted(2), {}, guard)).toBe("pass");
  expect(verdict(restarted(3), {}, guard)).toBe("fail");
  expect(verdict(blocks(10, 20, 0, { restarts: 1 }), {}, guard)).toBe("pass");
});

test("one failing signal decides, and a pass needs every signal", () => {
  const slow: Guard = { ...errors, signal: "slow", slowMs: 500 };
  expect(judgeGuards([errors, slow], evidence(blocks(0, 60, 3))).verdict).toBe("fail");
  expect(judgeGuards([errors, slow], evidence(blocks(0, 60, 0))).verdict).toBe("pass");
  expect(judgeGuards([], evidence([])).verdict).toBe("pass");
  const down = providerError(["errors"], "connection refused");
  expect(down.verdict).toBe("provider-error");
  const mixed = [...down.signals, judgeGuard(errors, evidence(blocks(0, 60, 3)))];
  expect(combine(mixed).verdict).toBe("fail");
  expect(combine([...down.signals, judgeGuard(errors, evidence([]))]).verdict).toBe("provider-error");
});

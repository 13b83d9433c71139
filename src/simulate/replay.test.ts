import { describe, expect, test } from "vitest";
import { service } from "../../test/simulation/system.js";
import type { Block } from "../core/model/judgement.js";
import type { CompiledAnalysis } from "../spec/compiled.js";
import { seedOf } from "./random.js";
import { type Recorded, replay } from "./replay.js";
import { Requests } from "./requests.js";

const ERRORS = {
  name: "errors",
  margin: { fail: 0.001, pass: 0.005 },
  objective: null,
  source: { kind: "errors" },
} as const;
const SLOW = {
  name: "slow",
  margin: { fail: 0.01, pass: 0.03 },
  objective: null,
  source: { kind: "slow", slowerThanMs: null },
} as const;
const COMPARED: CompiledAnalysis = { falseAlarms: 0.01, falsePasses: 0.05, signals: [ERRORS, SLOW] };
const SINCE = 600_000;

/** Ten minutes of stable alone, ten more beside a canary at 10 % of 200 requests/s. */
function record(errors: number, seed = 1): Recorded {
  const options = { requestsPerSecond: 200, base: { errors: 0.001, slow: 0.01 }, burstMs: null };
  const requests = new Requests({ ...options, harm: { errors, slow: 0 } }, seedOf(seed));
  const blocks: Block[] = [];
  for (let at = 0; at < 2 * SINCE; at += 1000) {
    const share = at < SINCE ? 0 : 0.1;
    for (const replica of ["s1", "s2"])
      add(requests.of({ at, group: "r1", replica, isNew: false, mean: 100 * (1 - share) }));
    if (share > 0) add(requests.of({ at, group: "r2", replica: "c1", isNew: true, mean: 200 * share }));
  }
  return { stable: "r1", canary: "r2", since: SINCE, blocks, blockMs: 1000 };

  function add(block: Block | null): void {
    if (block !== null) blocks.push(block);
  }
}

/** What the series keep when the seconds are gone. */
function byMinutes({ blocks, ...recorded }: Recorded): Recorded {
  const minutes = new Map<string, Block>();
  for (const { latencies: _, ...block } of blocks) {
    const at = Math.floor(block.at / 60_000) * 60_000;
    const key = `${at} ${block.replica}`;
    const sum = minutes.get(key) ?? { ...block, at, total: 0, errors: 0, slow: 0, restarts: 0 };
    minutes.set(key, {
      ...sum,
      total: sum.total + block.total,
      errors: sum.errors + block.errors,
      slow: sum.slow + block.slow,
    });
  }
  return { ...recorded, blocks: [...minutes.values()], blockMs: 60_000 };
}

const compares = service("web", { guards: [], analysis: COMPARED });

describe("would this have caught it?", () => {
  test("a comparison finds five points of errors within half a minute, and says so in its evidence", () => {
    const { failed, learnedMs, canary, leftOut } = replay(compares, record(0.05));
    expect(failed).toMatchObject({ by: "comparison", judgement: { verdict: "fail" } });
    expect(failed?.afterMs).toBeLessThanOrEqual(30_000);
    expect(learnedMs).toBe(SINCE);
    expect(canary.errors).toBeGreaterThan(0);
    expect(leftOut).toEqual([]);
  });

  test("a release without harm passes and never fails", () => {
    const { failed, passedAfterMs, last } = replay(compares, record(0));
    expect(failed).toBeNull();
    expect(last?.verdict).toBe("pass");
    expect(passedAfterMs).toBeGreaterThan(0);
  });

  test("the guard that was too high then is the one that answers when it is lowered", () => {
    const guard = { signal: "errors", forMs: 30_000, minSamples: 50, slowMs: null } as const;
    const recorded = record(0.05);
    const before = service("web", { guards: [{ ...guard, above: 0.2 }], analysis: null });
    expect(replay(before, recorded)).toMatchObject({ failed: null, last: null });
    const after = service("web", { guards: [{ ...guard, above: 0.005 }], analysis: null });
    expect(replay(after, recorded).failed).toMatchObject({ by: "guard", judgement: { verdict: "fail" } });
  });

  test("minutes are enough for a late answer; slow requests are not in them", () => {
    const { failed, leftOut } = replay(compares, byMinutes(record(0.05)));
    expect(failed).toMatchObject({ by: "comparison" });
    expect((failed?.afterMs ?? 1) % 60_000).toBe(0);
    expect(leftOut).toEqual(["slow"]);
  });

  test("a first release has nothing beside it", () => {
    expect(replay(compares, { ...record(0.05), stable: null })).toMatchObject({ failed: null, last: null });
  });

  test("the same record, the same answer", () => {
    expect(replay(compares, record(0.01, 3))).toEqual(replay(compares, record(0.01, 3)));
  });
});

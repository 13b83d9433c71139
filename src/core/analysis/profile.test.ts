import { describe, expect, test } from "vitest";
import { Random } from "../../../bench/analysis/random.js";
import type { GroupId } from "../model/intent.js";
import type { Block } from "../model/judgement.js";
import { bucketOf, countAbove, limitOf } from "./latency.js";
import { type AnalysisMemory, ServiceProfile } from "./profile.js";

const errorsOf = ({ errors }: { readonly errors: number }) => errors;

/** How a replica answers: share of errors by seconds since its start. */
type Starting = (age: number) => number;
/** Two of five requests fail in the first six seconds. */
const cold: Starting = (age) => (age < 6 ? 0.4 : 0.002);
const ready: Starting = () => 0.002;
const harmful: Starting = (age) => (age < 30 ? 0.5 : 0.3);

interface Run {
  readonly group: GroupId;
  readonly replicas: readonly string[];
  readonly startedAt: number;
  readonly starting: Starting;
}

function block(at: number, group: GroupId, replica: string, total: number, changes: Partial<Block> = {}): Block {
  return { at, group, replica, total, errors: 0, slow: 0, restarts: 0, ...changes };
}

/** Shows seconds `from` to `to`; each replica answers 20 requests in each. */
function show(profile: ServiceProfile, from: number, to: number, runs: readonly Run[], seed = 1): void {
  const random = new Random(seed);
  for (let second = from; second < to; second++) {
    const blocks = runs
      .filter(({ startedAt }) => startedAt <= second)
      .flatMap(({ group, replicas, startedAt, starting }) =>
        replicas.map((replica) =>
          block(second * 1_000, group, replica, 20, { errors: random.binomial(20, starting(second - startedAt)) }),
        ),
      );
    profile.see(second * 1_000, blocks);
  }
}

const one = (starting: Starting): Run => ({ group: "r1", replicas: ["a", "b"], startedAt: 0, starting });
const two = (starting: Starting): Run => ({ group: "r2", replicas: ["c", "d"], startedAt: 300, starting });

describe("how long replicas warm up", () => {
  test("is learned from the starts of the group that is compared with", () => {
    const profile = new ServiceProfile(null);
    show(profile, 0, 300, [one(cold)]);
    expect(profile.warmUpMs("r1", errorsOf)).toBe(8_000);
  });

  test("is nothing where starts are like everything else, and where none was seen", () => {
    const profile = new ServiceProfile(null);
    expect(profile.warmUpMs("r1", errorsOf)).toBe(0);
    show(profile, 0, 600, [one(ready)]);
    expect(profile.warmUpMs("r1", errorsOf)).toBe(0);
  });

  test("is not learned from a canary that does harm", () => {
    const profile = new ServiceProfile(null);
    show(profile, 0, 600, [one(ready), two(harmful)]);
    expect(profile.warmUpMs("r1", errorsOf)).toBe(0);
    // It was never settled: the next canary is no better off either.
    profile.settle("r1");
    expect(profile.warmUpMs("r1", errorsOf)).toBe(0);
    expect(profile.warmUpMs("r3", errorsOf)).toBe(0);
  });

  test("outlives the group that showed it, and what newer ones show counts for more", () => {
    const profile = new ServiceProfile(null);
    show(profile, 0, 300, [one(cold)]);
    profile.settle("r1");
    show(profile, 300, 900, [two(ready)]);
    expect(profile.warmUpMs("r2", errorsOf)).toBe(8_000);
    for (let release = 3; release < 12; release++) {
      profile.settle(`r${release - 1}`);
      const from = 300 * release;
      show(profile, from, from + 300, [
        { group: `r${release}`, replicas: [`x${release}`], startedAt: from, starting: ready },
      ]);
    }
    expect(profile.warmUpMs("r11", errorsOf)).toBe(0);
  });

  test("is about latencies where those are asked for", () => {
    const profile = new ServiceProfile(null);
    for (let second = 0; second < 300; second++)
      profile.see(second * 1_000, [
        block(second * 1_000, "r1", "a", 20, { latencies: second < 25 ? { 20: 10, 50: 10 } : { 20: 20 } }),
      ]);
    const slow = ({ latencies }: { readonly latencies: readonly number[] }) => countAbove(latencies, 30);
    expect(profile.warmUpMs("r1", slow)).toBe(32_000);
    expect(profile.warmUpMs("r1", errorsOf)).toBe(0);
  });
});

describe("the age of a replica", () => {
  test("counts from its first request, not from its first second without one", () => {
    const profile = new ServiceProfile(null);
    show(profile, 0, 100, [one(ready)]);
    profile.see(100_000, [block(100_000, "r1", "a", 5), block(100_000, "r2", "c", 0)]);
    profile.see(101_000, [block(101_000, "r1", "a", 5), block(101_000, "r2", "c", 5)]);
    expect(profile.ageMs("r2", "c", 105_000)).toBe(4_000);
    expect(profile.ageMs("r2", "nobody", 105_000)).toBe(0);
  });

  test("begins anew with a further attempt at the same revision, whose replicas have the same names", () => {
    const profile = new ServiceProfile(null);
    for (let at = 0; at < 60_000; at += 1_000) profile.see(at, [block(at, "r1", "a", 5), block(at, "r2", "c", 5)]);
    profile.begin("r2");
    profile.see(60_000, [block(60_000, "r1", "a", 5), block(60_000, "r2", "c", 5)]);
    expect(profile.ageMs("r2", "c", 61_000)).toBe(1_000);
    expect(profile.ageMs("r1", "a", 61_000)).toBe(61_000);
  });

  test("is unknown, so grown up, when it appears after time in which nobody looked", () => {
    const profile = new ServiceProfile(null);
    show(profile, 0, 60, [one(ready)]);
    const resumed = new ServiceProfile(JSON.parse(JSON.stringify(profile.memory())));
    resumed.see(600_000, [block(600_000, "r1", "a", 5), block(600_000, "r2", "c", 5)]);
    expect(resumed.ageMs("r1", "a", 600_000)).toBe(600_000);
    expect(resumed.ageMs("r2", "c", 600_000)).toBe(Number.POSITIVE_INFINITY);
    // And stays so, in memory as well.
    const again = new ServiceProfile(JSON.parse(JSON.stringify(resumed.memory())));
    expect(again.ageMs("r2", "c", 601_000)).toBe(Number.POSITIVE_INFINITY);
  });

  test("seconds that were seen before teach nothing again", () => {
    const profile = new ServiceProfile(null);
    show(profile, 0, 60, [one(cold)]);
    const once = profile.memory();
    show(profile, 0, 60, [one(cold)]);
    expect(profile.memory()).toEqual(once);
  });
});

describe("what slow is", () => {
  const seen = (latencies: Readonly<Record<number, number>>, seconds = 20) => {
    const profile = new ServiceProfile(null);
    const total = Object.values(latencies).reduce((sum, count) => sum + count, 0);
    for (let second = 0; second < seconds; second++)
      profile.see(second * 1_000, [block(second * 1_000, "r1", "a", total, { latencies })]);
    return profile;
  };

  test("is stable's own 95th percentile and two buckets on top", () => {
    const [usual, tail, rare] = [bucketOf(80), bucketOf(300), bucketOf(2_000)];
    expect(seen({ [usual]: 960, [tail]: 40 }).slowBucket("r1")).toBe(usual + 2);
    expect(seen({ [usual]: 900, [tail]: 90, [rare]: 10 }).slowBucket("r1")).toBe(tail + 2);
  });

  test("is not below what a person notices", () => {
    const bucket = seen({ 3: 100 }).slowBucket("r1") ?? 0;
    expect(limitOf(bucket)).toBeGreaterThan(25);
    expect(limitOf(bucket)).toBeLessThan(30);
  });

  test("is the last bucket at most: then nothing is slow", () => {
    const bucket = seen({ 70: 50, 71: 50 }).slowBucket("r1") ?? 0;
    expect(countAbove({ 70: 50, 71: 50 }, bucket)).toBe(0);
  });

  test("is unknown before enough requests were seen, and of a group that was not measured", () => {
    const few = seen({ 30: 10 }, 19);
    expect(few.slowBucket("r1")).toBeNull();
    expect(few.slowBucket("r1", 190)).toBe(32);
    const unmeasured = new ServiceProfile(null);
    for (let second = 0; second < 100; second++) unmeasured.see(second * 1_000, [block(second * 1_000, "r1", "a", 50)]);
    expect(unmeasured.slowBucket("r1")).toBeNull();
  });

  test("is not taken from the canary", () => {
    const profile = seen({ 30: 100 });
    for (let second = 20; second < 90; second++)
      profile.see(second * 1_000, [block(second * 1_000, "r2", "c", 1_000, { latencies: { 60: 1_000 } })]);
    expect(profile.slowBucket("r1")).toBe(32);
  });
});

describe("its memory", () => {
  const shown = () => {
    const profile = new ServiceProfile(null);
    for (let second = 0; second < 2_000; second++) {
      const at = second * 1_000;
      const group = `r${Math.floor(second / 100)}`;
      profile.see(at, [
        block(at, group, `${group}-${second % 40}`, 9, { errors: second % 2, latencies: { [second % 72]: 9 } }),
      ]);
      if (second % 300 === 299) profile.settle(group);
    }
    return profile;
  };

  test("is bounded, whatever comes and goes", () => {
    const memory = shown().memory();
    expect(Object.keys(memory.groups).length).toBeLessThanOrEqual(4);
    expect(Object.keys(memory.starts).length).toBeLessThanOrEqual(256);
    expect(JSON.stringify(memory).length).toBeLessThan(32_000);
  });

  test("is plain JSON, belongs to nobody, and goes on where it was", () => {
    const profile = shown();
    const memory = profile.memory();
    const text = JSON.stringify(memory);
    const resumed = new ServiceProfile(JSON.parse(text) as AnalysisMemory);
    expect(resumed.memory()).toEqual(memory);
    for (const each of [profile, resumed]) show(each, 2_000, 2_050, [{ ...one(cold), startedAt: 2_000 }]);
    expect(resumed.memory()).toEqual(profile.memory());
    expect(JSON.stringify(memory)).toBe(text);
  });
});

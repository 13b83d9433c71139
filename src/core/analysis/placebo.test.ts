import { describe, expect, test } from "vitest";
import { Random } from "../../../bench/analysis/random.js";
import { Placebo } from "./placebo.js";
import type { ReplicaCounts } from "./second.js";

const OPTIONS = { ratios: [1.3, 1.7, 2.5, 5, 12, 50], margin: 0, share: 0.002 };

/** Rate of bad requests of replica `i` in a second. */
type Rates = (i: number, second: number) => number;

function counted(random: Random, names: readonly string[], requests: number, rate: (i: number) => number) {
  return names.map((replica, i) => ({ replica, bad: random.binomial(requests, rate(i)), total: requests }));
}

function show(placebo: Placebo, second: number, stable: readonly ReplicaCounts[]): void {
  const sum = (field: "bad" | "total") => stable.reduce((all, counts) => all + counts[field], 0);
  placebo.update(second * 1_000, stable, sum("bad"), sum("total"));
}

function watched(seed: number, replicas: number, seconds: number, rates: Rates, requests = 50): Placebo {
  const random = new Random(seed);
  const placebo = new Placebo(OPTIONS);
  const names = Array.from({ length: replicas }, (_, i) => `s${i}`);
  for (let second = 0; second < seconds; second++)
    show(
      placebo,
      second,
      counted(random, names, requests, (i) => rates(i, second)),
    );
  return placebo;
}

/** Over seeds, in order. */
function reached(replicas: number, seconds: number, rates: Rates, seeds = 20): number[] {
  return Array.from({ length: seeds }, (_, seed) => watched(seed, replicas, seconds, rates).beyondChance).sort(
    (a, b) => a - b,
  );
}

const median = (sorted: readonly number[]) => sorted[Math.floor(sorted.length / 2)] ?? 0;
const highest = (sorted: readonly number[]) => sorted.at(-1) ?? 0;

const innocent: Rates = () => 0.01;
/** One replica's rate is x20 for 20 of each 300 seconds. */
const bursting: Rates = (i, second) => (i === 0 && second % 300 < 20 ? 0.2 : 0.01);
/** The same, of all. */
const incidents: Rates = (_, second) => (second % 300 < 20 ? 0.2 : 0.01);

describe("what the innocent reach", () => {
  test("is next to nothing in independent traffic, of one replica, two, or eight", () => {
    for (const replicas of [1, 2, 8]) {
      const found = reached(replicas, 900, innocent);
      expect(median(found)).toBeLessThan(0.5);
      // Ville: beyond e to the 4 among all of them once in more than fifty.
      expect(highest(found)).toBeLessThan(4);
    }
  });

  test("is much where one replica bursts", () => {
    for (const replicas of [2, 4]) expect(reached(replicas, 900, bursting)[0]).toBeGreaterThan(15);
  });

  test("is next to nothing where incidents hit everybody alike", () => {
    for (const replicas of [2, 4]) {
      const found = reached(replicas, 900, incidents);
      expect(median(found)).toBeLessThan(0.5);
      expect(highest(found)).toBeLessThan(4);
    }
  });

  test("is that in little traffic as well, where mostly one of them answers at a time", () => {
    for (const [rates, least, most] of [
      [incidents, 0, 4],
      [bursting, 2, Number.POSITIVE_INFINITY],
    ] as const) {
      const found = Array.from({ length: 20 }, (_, seed) => {
        const random = new Random(seed);
        const placebo = new Placebo(OPTIONS);
        for (let second = 0; second < 7_200; second++) {
          const answered = counted(random, ["a", "b"], 1, (i) => rates(i, second));
          show(
            placebo,
            second,
            answered.filter(() => random.uniform() < 0.5),
          );
        }
        return placebo.beyondChance;
      }).sort((a, b) => a - b);
      expect(median(found)).toBeGreaterThanOrEqual(least);
      expect(highest(found)).toBeLessThan(most);
    }
  });

  test("is the lone replica's own past where there is no other: what hits everybody counts as well", () => {
    expect(reached(1, 900, incidents)[0]).toBeGreaterThan(15);
  });

  test("is charged for a machine that is always worse, too", () => {
    expect(reached(3, 900, (i) => (i === 2 ? 0.05 : 0.01))[0]).toBeGreaterThan(5);
  });

  test("does not fall when the burst is over", () => {
    const random = new Random(1);
    const placebo = new Placebo(OPTIONS);
    let before = 0;
    for (let second = 0; second < 900; second++) {
      show(
        placebo,
        second,
        counted(random, ["a", "b"], 50, (i) => bursting(i, second)),
      );
      expect(placebo.beyondChance).toBeGreaterThanOrEqual(before);
      before = placebo.beyondChance;
    }
    expect(before).toBeGreaterThan(0);
  });
});

describe("replicas", () => {
  test("of more than eight, eight are tried, and what one of them does is found", () => {
    const placebo = watched(3, 30, 600, bursting);
    expect(placebo.snapshot().cells).toHaveLength(8);
    expect(placebo.beyondChance).toBeGreaterThan(15);
  });

  test("that come and go take a place that nobody uses any more", () => {
    const random = new Random(4);
    const placebo = new Placebo(OPTIONS);
    const seen = new Set<string>();
    for (let second = 0; second < 1_500; second++) {
      // Ten at a time; every 100 seconds all of them are others.
      const names = Array.from({ length: 10 }, (_, i) => `${Math.floor(second / 100)}-${i}`);
      show(
        placebo,
        second,
        counted(random, names, 20, () => 0.01),
      );
      const { cells } = placebo.snapshot();
      expect(cells.length).toBeLessThanOrEqual(8);
      for (const cell of cells) seen.add(cell.replica);
    }
    expect(seen.size).toBeGreaterThan(8 * 10);
    expect(placebo.beyondChance).toBeLessThan(4);
  });

  test("that answer nothing in a second are no evidence", () => {
    const placebo = new Placebo(OPTIONS);
    for (let second = 0; second < 50; second++) show(placebo, second, [{ replica: "a", bad: 0, total: 0 }]);
    expect(placebo.learnedMs).toBe(0);
    expect(placebo.beyondChance).toBe(0);
  });
});

test("time is learned in which stable answered; a silence counts for a minute at most", () => {
  const placebo = new Placebo(OPTIONS);
  const two = [
    { replica: "a", bad: 0, total: 9 },
    { replica: "b", bad: 0, total: 9 },
  ];
  show(placebo, 0, two);
  show(placebo, 1, two);
  expect(placebo.learnedMs).toBe(2_000);
  show(placebo, 3_601, two);
  expect(placebo.learnedMs).toBe(62_000);
});

test("a snapshot is of its moment: what comes later is not in it", () => {
  for (const replicas of [1, 2]) {
    const placebo = watched(6, replicas, 30, innocent);
    const snapshot = placebo.snapshot();
    const text = JSON.stringify(snapshot);
    for (let second = 30; second < 60; second++) show(placebo, second, [{ replica: "s0", bad: 5, total: 9 }]);
    expect(JSON.stringify(snapshot)).toBe(text);
  }
});

test("a restart changes nothing, and what is kept is a few kilobytes however long it lasts", () => {
  for (const replicas of [1, 2, 12]) {
    const random = new Random(5);
    const whole = new Placebo(OPTIONS);
    let torn = new Placebo(OPTIONS);
    const names = Array.from({ length: replicas }, (_, i) => `a-rather-long-name-of-a-replica-${i}`);
    for (let second = 0; second < 400; second++) {
      const stable = counted(random, names, 50, (i) => bursting(i, second));
      show(whole, second, stable);
      show(torn, second, stable);
      const text = JSON.stringify(torn.snapshot());
      expect(text.length).toBeLessThan(6_000);
      if (second % 37 === 0) torn = Placebo.restore(OPTIONS, JSON.parse(text));
      expect(torn.beyondChance).toBe(whole.beyondChance);
    }
    expect(torn.snapshot()).toEqual(whole.snapshot());
  }
});

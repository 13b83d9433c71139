import { expect, test } from "vitest";
import { Counts, KEPT_SECONDS } from "./counts.js";
import { BUCKETS, Histogram } from "./histogram.js";

test("counts are kept per second and replica, and a running second may be read again", () => {
  const counts = new Counts();
  const replica = counts.replica("s", "r2", "r2-1");
  replica.count(5, false, false);
  replica.count(5, true, true);
  const block = { service: "s", group: "r2", replica: "r2-1", second: 5, total: 2, errors: 1, slow: 1 };
  expect(counts.blocks(0, 5)).toEqual([block]);
  replica.count(5, false, false);
  replica.count(6, false, false);
  expect(counts.blocks(5, 6).map(({ second, total }) => [second, total])).toEqual([
    [5, 3],
    [6, 1],
  ]);
  expect(counts.blocks(6, 6).length).toBe(1);
});

test("the ring holds 600 seconds: an older one is gone, and its place starts at zero", () => {
  const counts = new Counts();
  const replica = counts.replica("s", "g", "r");
  replica.count(1, true, true);
  replica.count(1 + KEPT_SECONDS, false, false);
  expect(counts.blocks(0, 1 + KEPT_SECONDS)).toEqual([
    { service: "s", group: "g", replica: "r", second: 1 + KEPT_SECONDS, total: 1, errors: 0, slow: 0 },
  ]);
});

test("a replica that left the table is forgotten once its last second has left the ring", () => {
  const counts = new Counts();
  counts.replica("s", "g", "r").count(10, false, false);
  counts.group("s", "g");
  counts.forget(20, () => false);
  expect([...counts.replicas()].length).toBe(1);
  counts.forget(11 + KEPT_SECONDS, () => false);
  expect([...counts.replicas()].length).toBe(0);
  expect([...counts.groups()].length).toBe(0);
});

test("a latency lands in the first bucket whose bound it does not exceed", () => {
  const histogram = new Histogram();
  histogram.observe(1);
  histogram.observe(1.1);
  histogram.observe(60_000);
  expect(histogram.counts[0]).toBe(1);
  expect(histogram.counts[1]).toBe(1);
  expect(histogram.counts[BUCKETS.length]).toBe(1);
  expect(histogram.count).toBe(3);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketOf, LATENCY_BUCKETS, limitOf } from "../../../core/analysis/latency.js";
import { Counts, KEPT_SECONDS } from "./counts.js";
import { BUCKETS, Histogram } from "./histogram.js";

test("counts are kept per second and replica, and a running second may be read again", () => {
  const counts = new Counts();
  const replica = counts.replica("s", "r2", "r2-1");
  replica.count(5, false, false, 1);
  replica.count(5, true, true, 700);
  const block = { service: "s", group: "r2", replica: "r2-1", second: 5, total: 2, errors: 1, slow: 1 };
  expect(counts.blocks(0, 5).blocks).toEqual([{ ...block, latencies: { 4: 1, [bucketOf(700)]: 1 } }]);
  replica.count(5, false, false, 1);
  replica.count(6, false, false, 1);
  const { blocks, nextSecond } = counts.blocks(5, 6);
  expect(blocks.map(({ second, total, latencies }) => [second, total, latencies?.[4]])).toEqual([
    [5, 3, 2],
    [6, 1, 1],
  ]);
  expect(nextSecond).toBe(6);
  expect(counts.blocks(6, 6).blocks.length).toBe(1);
});

test("the ring holds 600 seconds: an older one is gone, and its place starts at zero", () => {
  const counts = new Counts();
  const replica = counts.replica("s", "g", "r");
  replica.count(1, true, true, 40);
  replica.count(1 + KEPT_SECONDS, false, false, null);
  const block = { service: "s", group: "g", replica: "r", second: 1 + KEPT_SECONDS, total: 1, errors: 0, slow: 0 };
  expect(counts.blocks(0, 1 + KEPT_SECONDS).blocks).toEqual([{ ...block, latencies: {} }]);
});

test("who comes every 15 seconds reads each second once, and in full", () => {
  const counts = new Counts();
  const replicas = ["1", "2", "3"].map((name) => counts.replica("shop/production/web", "r1", name));
  const total = new Map<string, number>();
  let next = 0;
  for (let now = 0; now < 3 * KEPT_SECONDS; now++) {
    for (const [index, replica] of replicas.entries())
      for (let sent = 0; sent <= (now + index) % 4; sent++) replica.count(now, false, false, 3);
    if (now % 15 !== 7) continue;
    const read = counts.blocks(next, now, "shop/production/");
    expect(read.nextSecond).toBe(now);
    for (const block of read.blocks) total.set(`${block.replica} ${block.second}`, block.total);
    next = read.nextSecond;
  }
  expect(total.size).toBe(3 * (next + 1));
  const wrong = [...total].filter(([key, count]) => {
    const [replica, second] = key.split(" ").map(Number);
    return count !== 1 + (((second ?? 0) + (replica ?? 0) - 1) % 4);
  });
  expect(wrong).toEqual([]);
});

test("an answer has an end: ten minutes of many replicas come in pages, of one environment's services only", () => {
  const counts = new Counts();
  for (let index = 0; index < 50; index++) {
    const replica = counts.replica("shop/production/web", "r1", `r1-${index}`);
    const other = counts.replica("shop/productions/web", "r1", `r1-${index}`);
    for (let second = 1_000; second < 1_600; second++) {
      replica.count(second, false, false, 1);
      other.count(second, false, false, 1);
    }
  }
  let next = 0;
  const pages: number[] = [];
  const seen = new Set<string>();
  do {
    const { blocks, nextSecond } = counts.blocks(next, 1_599, "shop/production/");
    for (const { service, replica, second } of blocks) seen.add(`${service} ${replica} ${second}`);
    pages.push(blocks.length);
    next = nextSecond;
  } while (next < 1_599);
  expect(Math.max(...pages)).toBe(30 * 50);
  expect(pages.length).toBe(20);
  expect(seen.size).toBe(600 * 50);
});

test("a replica that left the table is forgotten once its last second has left the ring", () => {
  const counts = new Counts();
  counts.replica("s", "g", "r").count(10, false, false, 1);
  counts.group("s", "g");
  counts.forget(20, () => false);
  expect([...counts.replicas()].length).toBe(1);
  counts.forget(11 + KEPT_SECONDS, () => false);
  expect([...counts.replicas()].length).toBe(0);
  expect([...counts.groups()].length).toBe(0);
});

test("a latency lies within the limits of its bucket, from half a millisecond to more than a minute", () => {
  expect([0, 0.5, 1, 2, 64, 1_024].map(bucketOf)).toEqual([0, 0, 4, 8, 28, 44]);
  expect(bucketOf(3_600_000)).toBe(LATENCY_BUCKETS - 1);
  expect(limitOf(LATENCY_BUCKETS - 1)).toBeGreaterThan(60_000);
  // A limit itself is no round number: which side of it a latency of exactly that falls on is rounding.
  const near = 1e-12;
  fc.assert(
    fc.property(fc.double({ min: 0, max: limitOf(LATENCY_BUCKETS - 1), noNaN: true }), (milliseconds) => {
      const bucket = bucketOf(milliseconds);
      expect(milliseconds).toBeLessThanOrEqual(limitOf(bucket) * (1 + near));
      if (bucket > 0) expect(milliseconds).toBeGreaterThan(limitOf(bucket - 1) * (1 - near));
    }),
    { seed: 4 },
  );
});

test("for every threshold that is a limit, the buckets above it hold the requests that were slower", () => {
  const took = fc.array(fc.double({ min: 0, max: 200_000, noNaN: true }), { maxLength: 50 });
  fc.assert(
    fc.property(took, fc.integer({ min: 0, max: LATENCY_BUCKETS - 2 }), (requests, bucket) => {
      const replica = new Counts().replica("s", "g", "r");
      for (const one of requests) replica.count(1, false, one > limitOf(bucket), one);
      const blocks: Parameters<typeof replica.blocks>[2] = [];
      replica.blocks(1, 1, blocks);
      const latencies = Object.entries(blocks[0]?.latencies ?? {});
      const above = latencies.filter(([index]) => Number(index) > bucket).reduce((sum, [, count]) => sum + count, 0);
      expect(above).toBe(blocks[0]?.slow ?? 0);
      expect(latencies.reduce((sum, [, count]) => sum + count, 0)).toBe(requests.length);
    }),
    { seed: 4 },
  );
});

test("a latency lands in the first bucket of the exposition whose bound it does not exceed", () => {
  const histogram = new Histogram();
  histogram.observe(1);
  histogram.observe(1.1);
  histogram.observe(60_000);
  expect(histogram.counts[0]).toBe(1);
  expect(histogram.counts[1]).toBe(1);
  expect(histogram.counts[BUCKETS.length]).toBe(1);
  expect(histogram.count).toBe(3);
});

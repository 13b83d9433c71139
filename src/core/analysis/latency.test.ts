import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketOf, LATENCY_BUCKETS, limitOf } from "./latency.js";

test("a latency lies above the end of the bucket before its own, and not above its own", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.51, max: 100_000, noNaN: true }), (milliseconds) => {
      const bucket = bucketOf(milliseconds);
      const nearly = 1 + 1e-12;
      expect(milliseconds).toBeLessThanOrEqual(limitOf(bucket) * nearly);
      expect(milliseconds * nearly).toBeGreaterThan(limitOf(bucket - 1));
    }),
    { seed: 14 },
  );
});

test("round thresholds are ends of buckets: four to a doubling, from half a millisecond on", () => {
  for (const milliseconds of [0.5, 1, 2, 64, 1_024, 65_536])
    expect(limitOf(bucketOf(milliseconds))).toBeCloseTo(milliseconds, 9);
});

test("what takes no time is in the first bucket, what takes minutes or for ever in the last", () => {
  expect(bucketOf(0)).toBe(0);
  expect(bucketOf(-1)).toBe(0);
  for (const long of [120_000, 3_600_000, Number.POSITIVE_INFINITY]) expect(bucketOf(long)).toBe(LATENCY_BUCKETS - 1);
});

/**
 * Buckets of latency, four to a doubling, so that a threshold can be chosen after the requests were counted. Bucket
 * `i` holds latencies above `limitOf(i - 1)` up to `limitOf(i)` milliseconds; the last one everything above.
 */
export const LATENCY_BUCKETS = 72;

/** Milliseconds: 0.5 · 2^(i / 4). */
export function limitOf(bucket: number): number {
  return 0.5 * 2 ** (bucket / 4);
}

export function bucketOf(milliseconds: number): number {
  if (milliseconds <= 0.5) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(4 * Math.log2(milliseconds / 0.5)));
}

/** Requests above a bucket. Counting up is many times as fast as asking an object for its keys. */
export function countAbove(latencies: Readonly<Record<number, number>>, bucket: number): number {
  let slow = 0;
  for (let i = bucket + 1; i < LATENCY_BUCKETS; i++) slow += latencies[i] ?? 0;
  return slow;
}

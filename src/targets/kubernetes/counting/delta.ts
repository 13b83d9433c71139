import { bucketOf, LATENCY_BUCKETS } from "../../../core/analysis/latency.js";
import type { BackendCounts } from "./exposition.js";

/** What one backend answered between two looks. */
export interface SecondCounts {
  readonly total: number;
  readonly errors: number;
  /** By bucket of `core/analysis/latency.ts`; each request stands at the upper bound of the gateway's own bucket. */
  readonly latencies: Readonly<Record<number, number>>;
}

/** Null: nothing. A count that fell began anew: the gateway restarted. */
export function deltaOf(before: BackendCounts | undefined, after: BackendCounts): SecondCounts | null {
  const from = before === undefined || after.total < before.total ? undefined : before;
  const total = after.total - (from?.total ?? 0);
  if (total <= 0) return null;
  const latencies: Record<number, number> = {};
  let below = 0;
  for (const bound of [...after.upTo.keys()].sort((a, b) => a - b)) {
    const upTo = Math.max(below, (after.upTo.get(bound) ?? 0) - (from?.upTo.get(bound) ?? 0));
    const bucket = bound === Number.POSITIVE_INFINITY ? LATENCY_BUCKETS - 1 : bucketOf(bound * 1_000);
    if (upTo > below) latencies[bucket] = (latencies[bucket] ?? 0) + upTo - below;
    below = upTo;
  }
  return { total, errors: Math.min(total, after.errors - (from?.errors ?? 0)), latencies };
}

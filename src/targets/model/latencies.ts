import { bucketOf, LATENCY_BUCKETS } from "../../core/analysis/latency.js";
import type { Behaviour } from "./behaviour.js";
import { whole } from "./whole.js";

/** Share of the quick requests up to each bucket, from two below the median's to two above it: 6, 24, 40, 24, 6 %. */
const UP_TO = [0.06, 0.3, 0.7, 0.94, 1] as const;

/** `total` requests of one replica in one second, `slow` of them slow, in the buckets of `core/analysis/latency.ts`. */
export function latenciesOf(
  { medianMs, slowMs }: Behaviour,
  perSecond: number,
  at: number,
  total: number,
  slow: number,
): Readonly<Record<number, number>> {
  const latencies: Record<number, number> = {};
  const middle = bucketOf(medianMs);
  const quick = total - slow;
  let counted = 0;
  for (let place = 0; place < UP_TO.length && counted < quick; place++) {
    const last = place === UP_TO.length - 1;
    const upTo = last ? quick : Math.min(quick, whole(perSecond * (UP_TO[place] as number), at));
    if (upTo <= counted) continue;
    const bucket = Math.min(LATENCY_BUCKETS - 1, Math.max(0, middle + place - 2));
    latencies[bucket] = (latencies[bucket] ?? 0) + upTo - counted;
    counted = upTo;
  }
  const bucket = bucketOf(slowMs);
  if (slow > 0) latencies[bucket] = (latencies[bucket] ?? 0) + slow;
  return latencies;
}

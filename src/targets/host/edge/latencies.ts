import { bucketOf, LATENCY_BUCKETS } from "../../../core/analysis/latency.js";

const FULL = 0xffff;

/** The latencies of one replica by place in its ring of seconds: 86 kB for 600 of them, and nothing else per request. */
export class SecondLatencies {
  readonly #counts: Uint16Array;

  constructor(seconds: number) {
    this.#counts = new Uint16Array(seconds * LATENCY_BUCKETS);
  }

  /** More than 65,535 in one bucket and second are more than one edge can answer; they would count as so many. */
  count(place: number, milliseconds: number): void {
    const index = place * LATENCY_BUCKETS + bucketOf(milliseconds);
    const counted = this.#counts[index] as number;
    if (counted < FULL) this.#counts[index] = counted + 1;
  }

  clear(place: number): void {
    this.#counts.fill(0, place * LATENCY_BUCKETS, (place + 1) * LATENCY_BUCKETS);
  }

  /** By bucket, without the empty ones. */
  of(place: number): Record<number, number> {
    const found: Record<number, number> = {};
    for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
      const counted = this.#counts[place * LATENCY_BUCKETS + bucket] as number;
      if (counted > 0) found[bucket] = counted;
    }
    return found;
  }
}

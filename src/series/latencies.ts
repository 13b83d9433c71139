import { LATENCY_BUCKETS } from "../core/analysis/latency.js";
import type { Block } from "../core/model/judgement.js";

type Latencies = NonNullable<Block["latencies"]>;

/** Two bytes for a bucket with up to 127 requests: the bucket, and its count in groups of seven bits, lowest first. */
export function encodeLatencies(latencies: Latencies): Buffer {
  const bytes: number[] = [];
  for (const key in latencies) {
    const bucket = Number(key);
    let rest = latencies[bucket] ?? 0;
    if (rest <= 0) continue;
    bytes.push(bucket);
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
    bytes.push(rest);
  }
  return Buffer.from(bytes);
}

/** Buckets that this version does not know are left out. */
export function decodeLatencies(packed: Uint8Array): Latencies {
  const latencies: Record<number, number> = {};
  for (let place = 0; place < packed.length; ) {
    const bucket = packed[place++] as number;
    let count = 0;
    for (let factor = 1; place < packed.length; factor *= 128) {
      const byte = packed[place++] as number;
      count += (byte % 128) * factor;
      if (byte < 128) break;
    }
    if (bucket < LATENCY_BUCKETS) latencies[bucket] = count;
  }
  return latencies;
}

import type { Block } from "../model/judgement.js";
import { LATENCY_BUCKETS } from "./latency.js";

/** Upper ends of the ages that are told apart, in seconds; the last one is grown up. */
export const AGES = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;
export const GROWN = AGES.length;

/** What replicas of one age answered. Plain JSON. */
export interface Age {
  total: number;
  errors: number;
  /** Requests by bucket of latency. */
  latencies: number[];
}

export function ageOf(ms: number): number {
  const age = AGES.findIndex((seconds) => ms < seconds * 1_000);
  return age < 0 ? GROWN : age;
}

export function put(age: Age, block: Block): void {
  age.total += block.total;
  age.errors += block.errors;
  const { latencies } = block;
  if (latencies === undefined) return;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
    const count = latencies[bucket];
    if (count === undefined) continue;
    while (age.latencies.length <= bucket) age.latencies.push(0);
    age.latencies[bucket] = (age.latencies[bucket] ?? 0) + count;
  }
}

/** What was known counts half as much once something newer is known. */
export function merge(known: Age, fresh: Age): Age {
  return fresh.total === 0 ? known : plus(half(known), fresh);
}

function half({ total, errors, latencies }: Age): Age {
  return { total: total / 2, errors: errors / 2, latencies: latencies.map((count) => count / 2) };
}

function plus(one: Age, other: Age): Age {
  const latencies = Array.from({ length: Math.max(one.latencies.length, other.latencies.length) }, (_, i) => {
    return (one.latencies[i] ?? 0) + (other.latencies[i] ?? 0);
  });
  return { total: one.total + other.total, errors: one.errors + other.errors, latencies };
}

export function empty(): Age {
  return { total: 0, errors: 0, latencies: [] };
}

export function ages(): Age[] {
  return Array.from({ length: GROWN + 1 }, empty);
}

import { performance } from "node:perf_hooks";

export interface Arrival {
  /** Counted from 0. */
  readonly number: number;
  /** When it was due, on the clock of `performance.now()`; latency counts from here. */
  readonly dueAt: number;
}

/**
 * Calls `arrive` at a fixed rate, whatever happened to earlier arrivals: the n-th is due `n / rate` after the start. When
 * the process was busy, those that are overdue come at once and keep the times at which they were due, so a stall
 * is measured and not left out (coordinated omission). Returns what ends it.
 */
export function startArrivals(ratePerSecond: number, arrive: (arrival: Arrival) => void): () => void {
  if (!(ratePerSecond > 0) || !Number.isFinite(ratePerSecond))
    throw new RangeError("ratePerSecond is a number above 0");
  const start = performance.now();
  const dueAt = (number: number) => start + (number * 1000) / ratePerSecond;
  let next = 0;
  let timer: NodeJS.Timeout | null = null;
  const tick = () => {
    for (; dueAt(next) <= performance.now(); next++) arrive({ number: next, dueAt: dueAt(next) });
    timer = setTimeout(tick, Math.max(1, dueAt(next) - performance.now()));
  };
  tick();
  return () => {
    if (timer !== null) clearTimeout(timer);
  };
}

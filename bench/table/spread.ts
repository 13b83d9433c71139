/** What is known of a list of samples; all NaN when there are none. */
export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Percentiles by nearest rank: each is a sample, so the p99 of fewer than 100 samples is the largest. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { count: sorted.length, min: rank(0), median: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1) };
}

const NAME = 58;
const COLUMNS = ["samples", "min", "median", "p95", "p99", "max"] as const;

export function spreadHead(unit: string): string {
  return unit.padEnd(NAME) + COLUMNS.map((column) => column.padStart(9)).join("");
}

export function spreadRow(name: string, samples: readonly number[], digits = 0): string {
  const { count, min, median, p95, p99, max } = spreadOf(samples);
  const figures = [min, median, p95, p99, max].map((value) => value.toFixed(digits).padStart(9));
  return name.padEnd(NAME) + String(count).padStart(9) + figures.join("");
}

/** A figure for the closing JSON line, which knows no NaN. */
export function figure(value: number, digits = 1): number {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : -1;
}

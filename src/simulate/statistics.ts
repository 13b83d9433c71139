/** A count of rehearsals out of others, with Wilson's interval at 95 %; 0..1. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

const Z = 1.959964;

/** Wilson 1927: unlike the usual one it is right where nothing or everything was counted. */
export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, low: 0, high: 1 };
  const p = count / of;
  const width = (Z / (1 + (Z * Z) / of)) * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of));
  const centre = (p + (Z * Z) / (2 * of)) / (1 + (Z * Z) / of);
  return { count, of, low: count === 0 ? 0 : centre - width, high: count === of ? 1 : centre + width };
}

/** Null: it falls among those for which it never came. */
export interface Quantiles {
  readonly median: number | null;
  readonly p90: number | null;
}

/** Of `of` values of which only these came, the smallest with so many at or below it; the others count as never. */
export function quantilesOf(came: readonly number[], of: number): Quantiles {
  const sorted = came.toSorted((a, b) => a - b);
  const at = (share: number) => (of === 0 ? null : (sorted[Math.ceil(share * of) - 1] ?? null));
  return { median: at(0.5), p90: at(0.9) };
}

/** A share of runs with its 95 % interval (Wilson 1927). */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly share: number;
  readonly from: number;
  readonly to: number;
}

const Z = 1.959963984540054;

export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, share: Number.NaN, from: 0, to: 1 };
  const share = count / of;
  const middle = share + (Z * Z) / (2 * of);
  const half = Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
  const all = 1 + (Z * Z) / of;
  const from = count === 0 ? 0 : (middle - half) / all;
  const to = count === of ? 1 : (middle + half) / all;
  return { count, of, share, from, to };
}

/** In percent: `0.40 (0.20-0.79)`. */
export function percent({ share, from, to }: Share): string {
  return `${digits(share)} (${digits(from)}-${digits(to)})`;
}

export function digits(share: number): string {
  const value = share * 100;
  return value.toFixed(value >= 10 ? 1 : 2);
}

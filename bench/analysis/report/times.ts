/** A quantile with the 95 % interval of its order statistics; Infinity: later than anybody looked. */
export interface Quantile {
  readonly value: number;
  readonly from: number;
  readonly to: number;
}

const Z = 1.959963984540054;

/** By nearest rank. `decisions`: seconds, 0 for none. */
export function quantile(decisions: Iterable<number>, share: number): Quantile {
  const sorted = Float64Array.from(decisions, (at) => (at === 0 ? Number.POSITIVE_INFINITY : at)).sort();
  const n = sorted.length;
  const at = (rank: number) => sorted[Math.min(n, Math.max(1, rank)) - 1] ?? Number.NaN;
  const spread = Z * Math.sqrt(n * share * (1 - share));
  return {
    value: at(Math.ceil(share * n)),
    from: at(Math.floor(share * n - spread)),
    to: at(Math.ceil(share * n + spread) + 1),
  };
}

/** `9 (9-10)`; `never` where more than that share has no decision. */
export function withInterval({ value, from, to }: Quantile): string {
  if (!Number.isFinite(value)) return "never";
  return `${seconds(value)} (${seconds(from)}-${seconds(to)})`;
}

export function seconds(value: number): string {
  return Number.isFinite(value) ? value.toFixed(0) : "never";
}

/** Median and nineth decile: `9/14`. */
export function medianAndP90(decisions: Iterable<number>): string {
  const all = [...decisions];
  return `${seconds(quantile(all, 0.5).value)}/${seconds(quantile(all, 0.9).value)}`;
}

/** For the closing JSON line, which knows no Infinity: -1. */
export function secondsFigure(value: number): number {
  return Number.isFinite(value) ? value : -1;
}

import type { ComparisonEvidence, Interval, SignalCounts } from "../core/model/judgement.js";

/** Numbers of a verdict as a person reads them; the terminal and the report say the same. */

/** `0.12 %`, `2.6 %`, `51 %`: two digits that count. Of a share 0..1. */
export function percent(share: number): string {
  return `${digits(share * 100)} %`;
}

/** `0.05 to 0.2 %`. */
export function interval({ low, high }: Interval): string {
  return `${digits(low * 100)} to ${digits(high * 100)} %`;
}

/** A difference of two shares in percentage points: `+0.5`, `-1.2`, `0`. */
export function signed(difference: number): string {
  const text = digits(Math.abs(difference) * 100);
  return text === "0" ? "0" : `${difference < 0 ? "-" : "+"}${text}`;
}

export function rateOf({ bad, total }: SignalCounts): number {
  return total === 0 ? 0 : bad / total;
}

/**
 * An e-value as odds: were nothing true of it, evidence this strong would come up in at most one of so many rollouts.
 * `none` when what was counted speaks against it, or for nothing.
 */
export function odds(logarithm: number): string {
  if (logarithm <= Math.log(1.05)) return "none";
  return `1 : ${large(logarithm)}`;
}

type Test = "fail" | "pass";

/**
 * The evidence for harm (`fail`) or for no harm (`pass`) as far as it is believed: what dependence in the traffic adds to
 * the need is taken from the evidence instead, so that always the same number decides. Natural logarithm.
 */
export function believed({ evidence, needed, level }: ComparisonEvidence, test: Test): number {
  return needed[test] <= 0 ? 0 : (evidence[test] * -Math.log(level[test])) / needed[test];
}

/** The believed evidence that decides: 1 / level. Natural logarithm. */
export function deciding({ level }: ComparisonEvidence, test: Test): number {
  return -Math.log(level[test]);
}

/** What decides, where a level of 1 is no level at all. */
export function neededOdds(logarithm: number): string {
  return `1 : ${large(Math.max(0, logarithm))}`;
}

/** How many times fewer requests they count as, or null when it makes no difference. */
export function discountOf({ discount }: ComparisonEvidence): string | null {
  return discount < 1.05 ? null : digits(discount);
}

/** `12,040`, the same on every machine. */
export function whole(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

function large(logarithm: number): string {
  const decimals = logarithm / Math.LN10;
  if (decimals >= 6) return decimals < 9 ? `${digits(10 ** (decimals - 6))} million` : `10^${Math.round(decimals)}`;
  const value = Math.exp(logarithm);
  return value < 10 ? digits(value) : whole(Number(value.toPrecision(2)));
}

/** Two digits that count, at most four decimals; whole from 10 on. */
function digits(value: number): string {
  if (Math.abs(value) >= 10) return String(Math.round(value));
  return String(Number(Number(value.toPrecision(2)).toFixed(4)));
}

/** `1 h 3 min`, `2 min 10 s`, `4 s`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor((seconds % 86_400) / 3_600), "h"],
    [Math.floor((seconds % 3_600) / 60), "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

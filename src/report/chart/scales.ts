import { max, quantile } from "d3-array";
import { type ScaleLinear, type ScaleTime, scaleLinear, scaleUtc } from "d3-scale";
import type { Point } from "../course.js";
import { deciding, rateOf } from "../words.js";
import { PLOT } from "./box.js";

export type TimeScale = ScaleTime<number, number>;
export type ValueScale = ScaleLinear<number, number>;

/** Wall-clock milliseconds to x; never a span of no length. */
export function timeScale(from: number, to: number): TimeScale {
  return scaleUtc([from, Math.max(to, from + 1_000)], [PLOT.left, PLOT.right]);
}

/** At least a tenth of a percent high, so that nothing at all does not look like something. */
const LOWEST_TOP = 0.001;
/** In the first requests a single bad one is a large share: the axis is not for them. */
const SETTLING = 0.15;
/** What is decided is seen best when intervals do not make the axis. */
const BAND_SHARE = 2;

/** Shares of requests to y: as high as what was found, not as high as what the first seconds could not exclude. */
export function rateScale(points: readonly Point[]): ValueScale {
  const last = points.at(-1);
  const settled = points.slice(Math.floor(points.length * SETTLING));
  const rates = settled.flatMap(({ canary, stable }) => [rateOf(canary), stable === null ? 0 : rateOf(stable)]);
  const margins =
    last === undefined ? 0 : (last.stable === null ? 0 : rateOf(last.stable)) + last.comparison.margin.pass;
  const found = Math.max(quantile(rates, 0.98) ?? 0, margins, LOWEST_TOP);
  const bands =
    last === undefined ? 0 : Math.max(last.comparison.rates.canary.high, last.comparison.rates.stable?.high ?? 0);
  // As long as nothing is decided, how little is known is the message.
  const most = last?.verdict === "inconclusive" ? 1 : BAND_SHARE * found;
  const top = Math.min(1, Math.max(found, Math.min(bands, most)) * 1.12);
  return scaleLinear([0, top], [PLOT.rates.bottom, PLOT.rates.top]).nice(4).clamp(false);
}

/** What is below says only that the counts speak against it. */
const LOWEST_EVIDENCE = -Math.log(5);
/** Past what decides, more is no matter. */
const ABOVE_NEEDED = 1.35;

/** Natural logarithms of e-values to y. */
export function evidenceScale(points: readonly Point[]): ValueScale {
  const needed =
    max(points, ({ comparison }) => Math.max(deciding(comparison, "fail"), deciding(comparison, "pass"))) ?? 0;
  return scaleLinear(
    [LOWEST_EVIDENCE, Math.max(needed, Math.LN10) * ABOVE_NEEDED],
    [PLOT.evidence.bottom, PLOT.evidence.top],
  );
}

/** Powers of ten between the ends, at most five, from 1 : 1 on. */
export function evidenceTicks(scale: ValueScale): readonly number[] {
  const highest = Math.floor((scale.domain()[1] ?? 0) / Math.LN10);
  const step = Math.max(1, Math.ceil(highest / 4));
  return Array.from({ length: Math.floor(highest / step) + 1 }, (_, index) => index * step * Math.LN10);
}

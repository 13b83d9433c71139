import { area, curveStepAfter, line } from "d3-shape";
import type { Course, Point } from "../course.js";
import { element, type Markup } from "../element.js";
import { percent, rateOf } from "../words.js";
import { apart, LETTER, PLOT } from "./box.js";
import { path, text, valueAxis } from "./frame.js";
import type { TimeScale, ValueScale } from "./scales.js";

type At = (point: Point) => number;

/** Shares of bad requests so far, with the intervals that they lie in, and the margins that decide. */
export function ratesPanel(
  course: Course,
  wall: (engine: number) => number,
  x: TimeScale,
  y: ValueScale,
  clip: string,
): Markup {
  const { points } = course;
  const at: At = (point) => wall(point.at);
  const sideBySide = points.filter((point) => point.stable !== null && point.stable.total > 0);
  const stableRate = (point: Point) => (point.stable === null ? 0 : rateOf(point.stable));
  const draw = (of: readonly Point[], value: (point: Point) => number) =>
    line<Point>(
      (point) => x(at(point)),
      (point) => y(value(point)),
    ).digits(1)([...of]);
  const margin = (which: "fail" | "pass") => (point: Point) => stableRate(point) + point.comparison.margin[which];
  const { fail = 0 } = points[0]?.comparison.margin ?? {};
  return element(
    "g",
    { class: "rates" },
    valueAxis(y, y.ticks(4), percent),
    element(
      "g",
      { "clip-path": `url(#${clip})` },
      path(band(points, at, x, y, "canary"), "band new"),
      path(band(sideBySide, at, x, y, "stable"), "band stable"),
      path(draw(sideBySide, margin("pass")), "margin pass"),
      fail > 0 ? path(draw(sideBySide, margin("fail")), "margin fail") : null,
      path(draw(sideBySide, stableRate), "line stable"),
      path(
        draw(points, (point) => rateOf(point.canary)),
        "line new",
      ),
    ),
    leftOut(course, wall, x),
    points.length === 1 ? dots(points, at, x, y) : null,
    labels(points, y),
  );
}

function band(
  points: readonly Point[],
  at: At,
  x: TimeScale,
  y: ValueScale,
  group: "stable" | "canary",
): string | null {
  const of = (point: Point) => point.comparison.rates[group];
  return area<Point>()
    .digits(1)
    .curve(curveStepAfter)
    .defined((point) => of(point) !== null)
    .x((point) => x(at(point)))
    .y0((point) => y(of(point)?.low ?? 0))
    .y1((point) => y(of(point)?.high ?? 0))([...points]);
}

/** What is not compared says so, where there is room. */
function leftOut({ points, since, binMs }: Course, wall: (engine: number) => number, x: TimeScale): Markup | null {
  const first = points[0];
  if (first === undefined || first.comparison.warmUp.requests === 0) return null;
  const [left, right] = [x(wall(since)), x(wall(first.at - binMs))];
  const words = "warming up: left out";
  if (right - left < words.length * LETTER) return null;
  return text((left + right) / 2, (PLOT.rates.top + PLOT.rates.bottom) / 2, words, "tick", "middle");
}

/** A line of one point is invisible. */
function dots(points: readonly Point[], at: At, x: TimeScale, y: ValueScale): Markup {
  return element(
    "g",
    {},
    points.flatMap((point) => [
      element("circle", { cx: x(at(point)), cy: y(rateOf(point.canary)), r: 3, class: "dot new" }),
      point.stable === null
        ? null
        : element("circle", { cx: x(at(point)), cy: y(rateOf(point.stable)), r: 3, class: "dot stable" }),
    ]),
  );
}

/** At the right end, where each line ends. */
function labels(points: readonly Point[], y: ValueScale): Markup | null {
  const last = points.at(-1);
  if (last === undefined) return null;
  const { canary, stable, comparison } = last;
  const base = stable === null ? null : rateOf(stable);
  const all = [
    { y: y(rateOf(canary)), kind: "label new", content: `new ${percent(rateOf(canary))}` },
    ...(base === null ? [] : [{ y: y(base), kind: "label stable", content: `stable ${percent(base)}` }]),
    ...(base === null
      ? []
      : [{ y: y(base + comparison.margin.pass), kind: "label margin pass", content: "passes when surely below" }]),
    ...(base === null || comparison.margin.fail === 0
      ? []
      : [{ y: y(base + comparison.margin.fail), kind: "label margin fail", content: "fails when surely above" }]),
  ];
  return element(
    "g",
    { class: "labels" },
    apart(all, PLOT.rates.top + 4, PLOT.rates.bottom).map((one) =>
      text(PLOT.right + 10, one.y + 4, one.content, one.kind, "start"),
    ),
  );
}

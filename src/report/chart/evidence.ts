import { line } from "d3-shape";
import type { Point } from "../course.js";
import { element, type Markup } from "../element.js";
import { believed, deciding, neededOdds, odds } from "../words.js";
import { apart, PLOT } from "./box.js";
import { path, text, valueAxis } from "./frame.js";
import { evidenceTicks, type TimeScale, type ValueScale } from "./scales.js";

/** Evidence of harm and of no harm, each beside the line at which it decides. */
export function evidencePanel(
  points: readonly Point[],
  at: (point: Point) => number,
  x: TimeScale,
  y: ValueScale,
  clip: string,
): Markup {
  const draw = (value: (point: Point) => number) =>
    line<Point>(
      (point) => x(at(point)),
      (point) => y(value(point)),
    ).digits(1)([...points]);
  const tests = ["fail", "pass"] as const;
  return element(
    "g",
    { class: "evidence" },
    valueAxis(y, evidenceTicks(y), neededOdds),
    element(
      "g",
      { "clip-path": `url(#${clip})` },
      tests.map((test) => [
        path(
          draw(({ comparison }) => deciding(comparison, test)),
          `needed ${test}`,
        ),
        path(
          draw(({ comparison }) => believed(comparison, test)),
          `line ${test}`,
        ),
      ]),
    ),
    points.length === 1 ? tests.map((test) => dot(points[0], test, at, x, y)) : null,
    labels(points.at(-1), y),
  );
}

/** A line of one point is invisible. */
function dot(
  point: Point | undefined,
  test: "fail" | "pass",
  at: (point: Point) => number,
  x: TimeScale,
  y: ValueScale,
): Markup | null {
  if (point === undefined) return null;
  const lowest = Math.min(PLOT.evidence.bottom, y(believed(point.comparison, test)));
  return element("circle", { cx: x(at(point)), cy: lowest, r: 3, class: `dot ${test}` });
}

function labels(last: Point | undefined, y: ValueScale): Markup | null {
  if (last === undefined) return null;
  const { comparison } = last;
  const of = { fail: "harm", pass: "no harm" } as const;
  const all = (["fail", "pass"] as const).flatMap((test) => [
    {
      y: y(deciding(comparison, test)),
      kind: `label needed ${test}`,
      content: `${neededOdds(deciding(comparison, test))} decides ${of[test]}`,
    },
    {
      y: y(believed(comparison, test)),
      kind: `label curve ${test}`,
      content: `${of[test]}: ${odds(believed(comparison, test))}`,
    },
  ]);
  return element(
    "g",
    { class: "labels" },
    apart(all, PLOT.evidence.top + 2, PLOT.evidence.bottom).map((one) =>
      text(PLOT.right + 10, one.y + 4, one.content, one.kind, "start"),
    ),
  );
}

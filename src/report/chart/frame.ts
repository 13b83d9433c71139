import { element, type Markup } from "../element.js";
import type { StageStory } from "../service-story.js";
import { BOX, LETTER, PLOT } from "./box.js";
import type { TimeScale, ValueScale } from "./scales.js";

/** What both panels of a chart share: the spans of the stages, the axes, the moments that decided. */

export interface Moment {
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly tone: "fail" | "pass" | "back";
  readonly label: string;
}

type Stage = Pick<StageStory, "share" | "enteredAt" | "until">;

/** Shaded by turns, with the share above where it fits. */
export function stageSpans(stages: readonly Stage[], wall: (at: number) => number, x: TimeScale): Markup {
  return element(
    "g",
    { class: "stages" },
    stages.map((stage, index) => {
      const [left, right] = [inPlot(x(wall(stage.enteredAt))), inPlot(x(wall(stage.until)))];
      const label = `${stage.share} %`;
      return [
        span(left, right, index % 2 === 0 ? "stage" : "stage odd"),
        fits(label, right - left) ? text((left + right) / 2, BOX.top - 6, label, "stage-label", "middle") : null,
      ];
    }),
  );
}

/** From the turn to the end; the moment that begins it says so where its own label has no room. */
export function backSpan(from: number, to: number, x: TimeScale): Markup | null {
  const [left, right] = [inPlot(x(from)), inPlot(x(to))];
  if (right <= left) return null;
  const label = "going back";
  return element(
    "g",
    { class: "back" },
    span(left, Math.max(right, left + 2), "going-back"),
    fits(label, right - left) ? text((left + right) / 2, BOX.top - 6, label, "stage-label", "middle") : null,
  );
}

/** Lines through both panels; their labels lie in a row above and never on each other. */
export function moments(marks: readonly Moment[], x: TimeScale): Markup {
  let free = -Infinity;
  const sorted = [...marks].sort((a, b) => a.at - b.at);
  return element(
    "g",
    { class: "moments" },
    sorted.map(({ at, tone, label }) => {
      const place = inPlot(x(at));
      const width = label.length * LETTER;
      const left = Math.max(free, Math.min(place - width / 2, BOX.width - width - 4));
      free = left + width + 10;
      return element(
        "g",
        { class: `moment ${tone}` },
        path(`M${place} ${BOX.top - 22}V${PLOT.evidence.bottom}`, "moment-line"),
        text(left, BOX.top - 26, label, "moment-label", "start"),
      );
    }),
  );
}

export function timeAxis(x: TimeScale, step: number): Markup {
  const bottom = PLOT.evidence.bottom;
  const seconds = step < 60_000;
  return element(
    "g",
    { class: "axis" },
    path(`M${PLOT.left} ${bottom}H${PLOT.right}`, "axis-line"),
    x.ticks(7).map((at) => {
      const clock = at.toISOString().slice(11, seconds ? 19 : 16);
      return [path(`M${x(at)} ${bottom}v5`, "axis-line"), text(x(at), bottom + 18, clock, "tick", "middle")];
    }),
    text(PLOT.right + 10, bottom + 18, "UTC", "tick", "start"),
  );
}

export function valueAxis(y: ValueScale, ticks: readonly number[], label: (value: number) => string): Markup {
  return element(
    "g",
    { class: "axis" },
    ticks.map((value) => [
      path(`M${PLOT.left} ${round(y(value))}H${PLOT.right}`, "grid"),
      text(PLOT.left - 7, y(value) + 4, label(value), "tick", "end"),
    ]),
  );
}

export function text(x: number, y: number, content: string, kind: string, anchor: "start" | "middle" | "end"): Markup {
  return element("text", { x, y, class: kind, "text-anchor": anchor }, content);
}

export function path(d: string | null, kind: string): Markup | null {
  return d === null || d === "" ? null : element("path", { d, class: kind });
}

function span(left: number, right: number, kind: string): Markup {
  const { rates, evidence } = PLOT;
  const width = Math.max(0, right - left);
  return element(
    "g",
    { class: kind },
    [rates, evidence].map(({ top, bottom }) => element("rect", { x: left, y: top, width, height: bottom - top })),
  );
}

function fits(label: string, width: number): boolean {
  return label.length * LETTER + 4 <= width;
}

function inPlot(x: number): number {
  return round(Math.min(PLOT.right, Math.max(PLOT.left, x)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

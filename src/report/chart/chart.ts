import type { Course, Point } from "../course.js";
import { element, type Markup } from "../element.js";
import type { ServiceStory } from "../service-story.js";
import type { Story } from "../story.js";
import { believed, interval, odds, percent, rateOf } from "../words.js";
import { BOX, PLOT } from "./box.js";
import { evidencePanel } from "./evidence.js";
import { backSpan, type Moment, moments, stageSpans, text, timeAxis } from "./frame.js";
import { CHART_STYLE } from "./palette.js";
import { ratesPanel } from "./rates.js";
import { evidenceScale, rateScale, timeScale } from "./scales.js";

/** Of one signal of one service. */
export interface Chart {
  /** For a file and for ids: letters, digits and dashes. */
  readonly name: string;
  readonly title: string;
  /** What it shows, for somebody who does not see it. */
  readonly summary: string;
  /** An SVG element; with `alone` it brings its style, and may be a file. */
  readonly draw: (alone: boolean) => Markup;
}

export function chartOf(story: Story, service: ServiceStory, course: Course): Chart {
  const name = slug(`${course.service}-${course.signal}`);
  const title = `${course.service}: ${nounOf(course)}`;
  const summary = summaryOf(story, course);
  return { name, title, summary, draw: (alone) => draw(story, service, course, { name, title, summary }, alone) };
}

function draw(
  story: Story,
  service: ServiceStory,
  course: Course,
  { name, title, summary }: Omit<Chart, "draw">,
  alone: boolean,
): Markup {
  const { points } = course;
  const wall = (at: number) => story.clock.at(at);
  const end = story.endedAt ?? story.now;
  const room = Math.max(1_000, Math.round((end - course.since) * 0.02));
  const x = timeScale(wall(course.since) - room, wall(end) + room);
  const [ratesY, evidenceY] = [rateScale(points), evidenceScale(points)];
  const at = (point: Point) => wall(point.at);
  const size = alone ? { width: BOX.width, height: PLOT.height, xmlns: "http://www.w3.org/2000/svg" } : {};
  const ids = `${name}-title ${name}-desc`;
  const stageMs = (x.ticks(7)[1]?.getTime() ?? 0) - (x.ticks(7)[0]?.getTime() ?? 0);
  return element(
    "svg",
    { viewBox: `0 0 ${BOX.width} ${PLOT.height}`, role: "img", "aria-labelledby": ids, class: "chart", ...size },
    element("title", { id: `${name}-title` }, title),
    element("desc", { id: `${name}-desc` }, summary),
    alone ? element("style", {}, CHART_STYLE) : null,
    element("defs", {}, clipPath(`${name}-rates`, PLOT.rates), clipPath(`${name}-evidence`, PLOT.evidence)),
    alone ? element("rect", { width: BOX.width, height: PLOT.height, class: "paper" }) : null,
    stageSpans(service.stages, wall, x),
    story.turnedAt === null ? null : backSpan(wall(story.turnedAt), wall(end), x),
    moments(momentsOf(story, service, course), x),
    text(PLOT.left, PLOT.evidence.top - 10, "Evidence, as odds against chance", "panel-title", "start"),
    text(4, 14, cut(title), "panel-title", "start"),
    text(BOX.width - 4, 14, LEGEND, "tick", "end"),
    ratesPanel(course, wall, x, ratesY, `${name}-rates`),
    evidencePanel(points, at, x, evidenceY, `${name}-evidence`),
    timeAxis(x, stageMs),
  );
}

function clipPath(id: string, { top, bottom }: { readonly top: number; readonly bottom: number }): Markup {
  const rect = { x: PLOT.left, y: top, width: PLOT.right - PLOT.left, height: bottom - top };
  return element("clipPath", { id }, element("rect", rect));
}

/** When this signal was decided, and when the deployment turned back. */
function momentsOf(story: Story, service: ServiceStory, { points, signal }: Course): readonly Moment[] {
  const { clock, turnedAt, cause } = story;
  const moment = (at: number, tone: Moment["tone"], label: string): Moment => {
    return { at: clock.at(at), tone, label: `${label} ${clock.time(at)}` };
  };
  // Only where both groups answer side by side does a pass decide anything.
  const isSideBySide = service.spec?.strategy.kind === "canary";
  const passed = isSideBySide ? points.find(({ verdict }) => verdict === "pass") : undefined;
  const found: Moment[] = passed === undefined ? [] : [moment(passed.at, "pass", "✓ pass")];
  if (turnedAt === null) return found;
  const mine = cause?.service === service.service;
  const failed = mine && cause?.judgement?.signals.some((one) => one.signal === signal && one.verdict === "fail");
  return [...found, failed ? moment(turnedAt, "fail", "✗ fail, goes back") : moment(turnedAt, "back", "goes back")];
}

function nounOf({ signal, points }: Course): string {
  const threshold = points.at(-1)?.comparison.slowerThanMs ?? null;
  if (signal === "errors") return "share of requests that failed";
  return threshold === null
    ? `share of bad requests (${signal})`
    : `share of requests slower than ${Math.round(threshold)} ms`;
}

function summaryOf(story: Story, { points, since }: Course): string {
  const last = points.at(-1);
  if (last === undefined) return "Nothing was compared.";
  const { canary, stable, comparison } = last;
  const beside =
    stable === null || comparison.rates.stable === null
      ? ""
      : `, stable ${percent(rateOf(stable))} (${interval(comparison.rates.stable)})`;
  return (
    `From ${story.clock.time(since)} to ${story.clock.time(last.at)} UTC: new ${percent(rateOf(canary))} ` +
    `(${interval(comparison.rates.canary)})${beside}; evidence of harm ${odds(believed(comparison, "fail"))}, ` +
    `of no harm ${odds(believed(comparison, "pass"))}; verdict ${last.verdict}.`
  );
}

const LEGEND = "line: share so far · band: where it lies, 95 % · dashed: the margins that decide";

/** Names may be long; the whole one is in the title. */
function cut(title: string): string {
  return title.length <= 64 ? title : `${title.slice(0, 63)}…`;
}

function slug(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

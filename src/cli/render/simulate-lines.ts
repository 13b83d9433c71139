import type { Advice } from "../../simulate/advice.js";
import { percentText } from "../../simulate/harm.js";
import { PROBES } from "../../simulate/probe.js";
import { roughly } from "../../simulate/roughly.js";
import type { Quantiles, Share } from "../../simulate/statistics.js";
import type { Conditions, HarmStudy, StageStudy, Study } from "../../simulate/study.js";
import type { Style } from "./style.js";
import { align, plural } from "./text.js";

interface Beside {
  /** Where the traffic is known from. */
  readonly origin: string;
  readonly advice: readonly Advice[];
  readonly notRehearsed: readonly string[];
}

/** What many rehearsals of one service found. */
export function simulateLines(key: string, study: Study, beside: Beside, style: Style): readonly string[] {
  const lines = [
    `${style.bold(key)}  ${style.cyan(study.service)}  ${conditionsText(study.conditions, beside.origin)}`,
  ];
  for (const one of study.harms) lines.push("", ...harmLines(one, style));
  if (beside.notRehearsed.length > 0)
    lines.push("", `Not rehearsed, others count them: ${beside.notRehearsed.join(", ")}.`);
  if (beside.advice.length > 0) lines.push("", style.bold("What this suggests"));
  for (const { sentence } of beside.advice) lines.push(`  ${style.yellow(style.open)} ${sentence}.`);
  if (beside.advice.some(({ searched }) => searched))
    lines.push(
      style.dim(
        `    Shares and times were tried with ${PROBES} coarse rehearsals each; they are enough in four of five.`,
      ),
    );
  lines.push(
    "",
    style.dim(
      `Seed ${study.seed}; in brackets: where the true share is, with 95 % confidence. As if the service had been`,
    ),
    style.dim("watched for an hour before: on a young installation harm is found in two to four times as long."),
  );
  return lines;
}

function conditionsText({ requestsPerSecond, base, burstMs }: Conditions, origin: string): string {
  const bursts = burstMs === null ? "" : `, bursts of ${roughly(burstMs)} in single replicas`;
  const rate = Number(requestsPerSecond.toPrecision(3));
  return `${rate} requests/s (${origin}), ${percentText(base.errors)} errors, ${percentText(base.slow)} slow${bursts}`;
}

function harmLines(study: HarmStudy, style: Style): readonly string[] {
  const { harm, runs, caught, detectMs, harmed, totalMs, outcomes } = study;
  const head = `${style.bold(harm.label)}, ${plural(runs, "rehearsal")}`;
  const rows = study.stages
    .filter(({ ends }) => (ends.time ?? 0) < sum(Object.values(ends)))
    .map((stage) => [`    ${stage.share} %`, stageText(stage, isHarmful(study))]);
  if (!isHarmful(study)) {
    const succeeded = outcomes.succeeded ?? 0;
    const took = succeeded === 0 ? "it never gets through by itself" : `through in ${spread(totalMs, roughly)}`;
    const held = outcomes.held ?? 0;
    return [
      head,
      `  hauled back by mistake ${shareText(caught)}; ${took}${held === 0 ? "" : `; ${held} of ${runs} held for a person`}`,
      ...align(rows),
    ];
  }
  const found = `found ${shareText(caught)}`;
  const verdict = caught.count * 2 < caught.of ? style.red(found) : found;
  const times = detectMs.median === null ? "" : `, after ${spread(detectMs, roughly)}`;
  const most = harmed.p90 === null ? "" : ` (p90 ${harmed.p90})`;
  const people = harmed.median === null ? "" : `; ${harmed.median} requests harmed until it was back${most}`;
  return [head, `  ${verdict}${times}${people}`, ...align(rows)];
}

function isHarmful({ harm }: HarmStudy): boolean {
  return harm.shares.errors + harm.shares.slow > 0;
}

const ENDS = {
  pass: "pass",
  hold: "hold without a verdict",
  abort: "go back without a verdict",
  continue: "go on without a verdict",
  time: "go on by time",
  fault: "go back for another reason",
  open: "do not end",
} as const;

function stageText({ caught, ends }: StageStudy, harmful: boolean): string {
  const came = caught.of;
  const parts = [...(harmful || caught.count > 0 ? [`${portion(caught.count, came)} found`] : [])];
  for (const [end, words] of Object.entries(ENDS)) {
    const count = ends[end as keyof typeof ENDS] ?? 0;
    if (count > 0) parts.push(`${portion(count, came)} ${words}`);
  }
  return `${parts.join(", ")}${came < 20 ? ` (${came} came)` : ""}`;
}

function portion(count: number, of: number): string {
  const percent = (100 * count) / Math.max(1, of);
  // All and none are said of all and none only.
  const shown = count < of ? Math.min(99, Math.round(percent)) : 100;
  return `${count > 0 ? Math.max(1, shown) : 0} %`;
}

function shareText(share: Share): string {
  const { count, of, low, high } = share;
  return `${portion(count, of)} [${Number((low * 100).toFixed(1))} to ${Number((high * 100).toFixed(1))}]`;
}

function spread({ median, p90 }: Quantiles, text: (value: number) => string): string {
  const [middle, most] = [median, p90].map((value) => (value === null ? "never" : text(value)));
  return middle === most ? `${middle}` : `${middle} (p90 ${most})`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

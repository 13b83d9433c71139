import type { CompiledService, CompiledSignal, CompiledSource } from "../spec/compiled.js";
import { duration, list, quote, same } from "./words.js";

type Analysis = CompiledService["analysis"];

/** What changes in how releases are compared, a sentence each. */
export function analysisDifferences(before: Analysis, after: Analysis): readonly string[] {
  if (same(before ?? null, after ?? null)) return [];
  if (!before || !after) return [`analysis: ${names(before)} → ${names(after)}`];
  const found: string[] = [];
  const changed = (label: string, a: string, b: string) => {
    if (a !== b) found.push(`${label}: ${a} → ${b}`);
  };
  changed("false alarms", percent(before.falseAlarms), percent(after.falseAlarms));
  changed("false passes", percent(before.falsePasses), percent(after.falsePasses));
  for (const name of new Set([...before.signals, ...after.signals].map((one) => one.name))) {
    const [a, b] = [signalOf(before, name), signalOf(after, name)];
    if (a === undefined && b !== undefined) found.push(`signal ${name}: new, ${margin(b)}, ${source(b.source)}`);
    if (b === undefined) found.push(`signal ${name}: not compared any more`);
    if (a === undefined || b === undefined) continue;
    changed(`signal ${name}`, margin(a), margin(b));
    changed(`signal ${name} objective`, objective(a), objective(b));
    if (!same(a.source, b.source)) {
      const [left, right] = [source(a.source), source(b.source)];
      found.push(`signal ${name}: ${left === right ? `${left} with other settings` : `${left} → ${right}`}`);
    }
  }
  return found;
}

/** What lets a harmful release through that would not have got through before. */
export function looserThanBefore(before: Analysis, after: Analysis): readonly string[] {
  if (!before) return [];
  if (!after) return ["releases are not compared with the one that runs any more"];
  const reasons: string[] = [];
  if (after.falsePasses > before.falsePasses)
    reasons.push(`a harmful release passes by mistake more often: ${percent(after.falsePasses)}`);
  for (const was of before.signals) {
    const is = signalOf(after, was.name);
    if (is === undefined) {
      reasons.push(`${was.name} is not compared any more`);
      continue;
    }
    if (is.margin.fail > was.margin.fail || is.margin.pass > was.margin.pass)
      reasons.push(`${was.name} may get worse: ${margin(is)}`);
    if (was.objective !== null && (is.objective === null || is.objective > was.objective))
      reasons.push(`more bad ${was.name} are allowed where there is nothing to compare with: ${objective(is)}`);
    const [threshold, now] = [slowerThan(was.source), slowerThan(is.source)];
    if (threshold !== null && now !== null && now > threshold)
      reasons.push(`a request may take ${duration(now)} before it is slow`);
  }
  return reasons;
}

/** Whether bad answers of a new release would be noticed: by a guard, beside the old one, or by an objective. */
export function watchesAnswers({ guards, analysis, strategy }: CompiledService): boolean {
  if (guards.some((guard) => guard.signal !== "restarts")) return true;
  return analysis?.signals.some((signal) => strategy.kind === "canary" || signal.objective !== null) ?? false;
}

function signalOf(analysis: NonNullable<Analysis>, name: string): CompiledSignal | undefined {
  return analysis.signals.find((one) => one.name === name);
}

function names(analysis: Analysis): string {
  return analysis ? `compares ${list(analysis.signals.map((one) => one.name))}` : "none";
}

function margin({ margin: { fail, pass } }: CompiledSignal): string {
  return `fails when worse by ${points(fail)}, passes within ${points(pass)}`;
}

function objective(signal: CompiledSignal): string {
  return signal.objective === null ? "none" : percent(signal.objective);
}

function slowerThan(source: CompiledSource): number | null {
  return source.kind === "slow" ? source.slowerThanMs : null;
}

function source(of: CompiledSource): string {
  switch (of.kind) {
    case "errors":
      return "counted by the edge";
    case "slow":
      return of.slowerThanMs === null ? "slow is learned" : `slow is above ${duration(of.slowerThanMs)}`;
    case "prometheus":
      return "from Prometheus";
    case "otlp":
      return "from OpenTelemetry";
    case "http":
      return "from a web query";
    case "command":
      return `from ${of.argv.map(quote).join(" ")}`;
  }
}

function points(share: number): string {
  const value = exact(share);
  return `${value} ${value === 1 ? "point" : "points"}`;
}

function percent(share: number): string {
  return `${exact(share)} %`;
}

/** Margins may be far below the two digits that are enough elsewhere. */
function exact(share: number): number {
  return Number((share * 100).toPrecision(6));
}

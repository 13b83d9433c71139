import type { CompiledAnalysis, CompiledSignal } from "../compiled.js";
import { ANALYSIS_DEFAULTS, SIGNAL_DEFAULTS } from "../defaults.js";
import type { AuthoredService, AuthoredSignal } from "./authored.js";
import { ms, shareOf } from "./quantities.js";
import type { Report } from "./report.js";
import { SOURCES, source } from "./source.js";

/** False alarms are shared out among the signals: with many, each needs more evidence. */
const MOST_SIGNALS = 20;

/** What is compared; null when it is off or nothing is left of it. */
export function analysis(service: AuthoredService, report: Report): CompiledAnalysis | null {
  const written = service.analysis;
  if (written === undefined || written === false) return null;
  const level = (key: "falseAlarms" | "falsePasses") =>
    share(written[key] ?? ANALYSIS_DEFAULTS[key], report.below(key), "a risk is more than 0% and less than 100%");
  const [falseAlarms, falsePasses] = [level("falseAlarms"), level("falsePasses")];
  const here = report.below("signals");
  const signals = Object.entries(written.signals ?? {}).flatMap(([name, signal]) =>
    signal === false ? [] : [compileSignal(name, signal, service.port !== undefined, here.below(name))],
  );
  if (signals.length > MOST_SIGNALS)
    here.add("spec-analysis", `at most ${MOST_SIGNALS} signals, not ${signals.length}`);
  return signals.length === 0 ? null : { falseAlarms, falsePasses, signals: signals.sort(inOrder) };
}

function compileSignal(name: string, written: AuthoredSignal, hasPort: boolean, report: Report): CompiledSignal {
  const isEdges = name === "errors" || name === "slow";
  const compiled = {
    name,
    margin: margin(written, isEdges ? SIGNAL_DEFAULTS[name].margin : SIGNAL_DEFAULTS.others.margin, report),
    objective: objective(written, report),
  };
  if (name !== "slow" && written.slowerThan !== undefined)
    report.below("slowerThan").add("spec-signal", 'only the signal "slow" has it', "slow: { slowerThan: … }");
  if (!isEdges) {
    if (name === "restarts") report.add("spec-signal", '"restarts" is counted by a guard', "choose another name");
    if (!hasPort && written.objective === undefined)
      report.add(
        "spec-signal",
        "a worker is never a canary, so there is nothing to compare this with",
        'objective: "1%" says which share of bad ones is allowed',
      );
    const found = source(name, written, report);
    if (
      found.kind === "command" &&
      written.objective === undefined &&
      !found.argv.some((word) => word.includes("{{group}}"))
    )
      report.add(
        "spec-signal",
        "the command measures the new release alone, so there is nothing to compare it with",
        'objective: "1%" says which share of bad ones is allowed; {{group}} in an argument measures both',
      );
    return { ...compiled, source: found };
  }
  if (!hasPort) report.add("spec-signal", `a worker has no requests that could be ${name}`, "remove it");
  for (const key of [...SOURCES, "every", "timeout", "stale"] as const)
    if (written[key] !== undefined)
      report
        .below(key)
        .add("spec-signal", `the edge counts ${name} itself, every second`, "give what others count another name");
  if (name === "errors") return { ...compiled, source: { kind: "errors" } };
  const slowerThanMs = written.slowerThan === undefined ? null : ms(written.slowerThan);
  if (slowerThanMs === 0) report.below("slowerThan").add("spec-signal", "every request takes longer than nothing");
  return { ...compiled, source: { kind: "slow", slowerThanMs } };
}

function margin(
  written: AuthoredSignal,
  fallback: { readonly fail: string; readonly pass: string },
  report: Report,
): CompiledSignal["margin"] {
  const here = report.below("margin");
  const [fail, pass] = [written.margin?.fail ?? fallback.fail, written.margin?.pass ?? fallback.pass];
  if (shareOf(fail) >= shareOf(pass))
    here.add(
      "spec-margin",
      `fail (${fail}) is not less than pass (${pass}): a release could fail and pass at once`,
      "write both, fail first: between them nothing is decided",
    );
  if (shareOf(pass) === 1) here.below("pass").add("spec-margin", "no release is worse by 100 points or more");
  return { fail: shareOf(fail), pass: shareOf(pass) };
}

function objective(written: AuthoredSignal, report: Report): number | null {
  if (written.objective === undefined) return null;
  return share(written.objective, report.below("objective"), "an objective is more than 0% and less than 100%");
}

function share(text: string, report: Report, message: string): number {
  const value = shareOf(text);
  if (value === 0 || value === 1) report.add("spec-analysis", message);
  return value;
}

/** Errors and slow first, the others by name: the order of keys in a spec means nothing. */
function inOrder(a: CompiledSignal, b: CompiledSignal): number {
  const rank = ({ source: { kind } }: CompiledSignal) => (kind === "errors" ? 0 : kind === "slow" ? 1 : 2);
  return rank(a) - rank(b) || (a.name < b.name ? -1 : 1);
}

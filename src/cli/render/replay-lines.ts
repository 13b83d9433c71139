import type { PastRollout } from "../../simulate/past.js";
import type { Recorded, ReplayResult } from "../../simulate/replay.js";
import type { CompiledService } from "../../spec/compiled.js";
import type { Style } from "./style.js";
import { duration, printable } from "./text.js";

/** What happened, and what would have with the spec as it is now. Times count from the first request to the new release. */
export function replayLines(
  service: CompiledService,
  recorded: Recorded,
  result: ReplayResult,
  past: PastRollout | null,
  style: Style,
): readonly string[] {
  const name = past === null ? "recorded counts" : past.deployment;
  const lines = [`${style.bold(name)}  ${style.cyan(service.name)}`];
  if (past !== null) lines.push(`  then  ${happened(past, style)}`);
  lines.push(`  now   ${wouldHappen(service, result, style)}`);
  if (result.failed !== null) lines.push(`        ${printable(result.failed.judgement.sentence)}`);
  const { errors, total } = result.canary;
  const until = result.failed === null ? "until the end of the record" : "until then";
  lines.push(`        ${errors} errors in ${total} requests to the new release ${until}`);
  if (result.passedAfterMs !== null)
    lines.push(`        it had proved itself after ${duration(result.passedAfterMs)}: from then on a stage could end`);
  if (recorded.stable === null) return lines;
  if (recorded.blockMs > 1000)
    lines.push(
      style.yellow(
        `  ${style.open} only minutes are left of this rollout: verdicts come late by up to a minute, and bursts are not seen`,
      ),
    );
  if (result.leftOut.length > 0)
    lines.push(style.yellow(`  ${style.open} the record says nothing about: ${result.leftOut.join(", ")}`));
  if (result.learnedMs < 60_000)
    lines.push(
      style.yellow(`  ${style.open} nothing is recorded of the time before: how much the traffic bursts is not known`),
    );
  return lines;
}

function happened({ turned, since, outcome }: PastRollout, style: Style): string {
  if (turned !== null)
    return `${style.red("hauled back")} after ${duration(Math.max(0, turned.at - since))}: ${printable(turned.cause.sentence)}`;
  if (outcome === null) return "it still goes on";
  return outcome === "succeeded" ? style.green("it went through") : outcome;
}

function wouldHappen(service: CompiledService, { failed, last }: ReplayResult, style: Style): string {
  if (failed !== null)
    return `${style.red("hauled back")} after ${duration(failed.afterMs)}, by ${failed.by === "guard" ? "a guard" : "the comparison"}`;
  if (last === null && service.analysis != null) return "it was a first release: nothing to compare with";
  if (last === null) return "not hauled back: the spec compares nothing, and no guard says so";
  return `${style.green("not hauled back")}: ${last.verdict} (${printable(last.sentence)})`;
}

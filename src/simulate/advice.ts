import { stagesOf } from "../core/rollout/stages.js";
import type { CompiledService, CompiledStage } from "../spec/compiled.js";
import { percentText } from "./harm.js";
import { comparisonBy, isCounted } from "./part.js";
import { Probe } from "./probe.js";
import { roughly } from "./roughly.js";
import type { Share } from "./statistics.js";
import type { Conditions, HarmStudy, Rehearsed, Study } from "./study.js";
import { toleratedBy } from "./tolerated.js";

/** Something that the results suggest. `searched`: its times come from coarse rehearsals, `PROBES` each. */
export interface Advice {
  readonly kind: "blind-stage" | "slow-pass" | "false-alarms" | "no-comparison" | "tolerated";
  readonly sentence: string;
  readonly searched: boolean;
}

/** Shares that are tried, smallest first, where a stage is blind. */
const SHARES = [5, 10, 15, 20, 25, 30, 40, 50] as const;
const LONGEST_MS = 6 * 3_600_000;
/** Fewer came to a stage: they say nothing about it. */
const ENOUGH = 4;
/** A stage's time is enough when it is for so many releases. */
const MOST = 0.8;

/** What to change, and what it would bring; the most important first. */
export function adviseOn(about: Rehearsed, result: Study): readonly Advice[] {
  const service = about.environment.services[about.service];
  if (service === undefined) return [];
  const analysis = comparisonBy(service, isCounted);
  if (analysis === null) return [noComparison(service)];
  const probe = new Probe(about, service, analysis);
  const stages = stagesOf(service, { first: false, fast: false });
  const advice: Advice[] = [];
  const [clean, ...harms] = result.harms;
  if (clean !== undefined) {
    advice.push(...falseAlarms(service, clean));
    const slow = slowPass(probe, service, stages, clean);
    if (slow !== null) advice.push(slow);
  }
  for (const harm of harms) {
    const tolerated = toleratedBy(analysis, harm.harm);
    if (tolerated !== null) {
      advice.push({ kind: "tolerated", sentence: tolerated, searched: false });
      continue;
    }
    const blind = blindStage(probe, result.conditions, stages, harm);
    if (blind !== null) advice.push(blind);
  }
  return advice;
}

function noComparison({ name }: CompiledService): Advice {
  const sentence = `the errors and latencies of ${name} are not compared with the release that runs: its guards and time alone decide`;
  return { kind: "no-comparison", sentence, searched: false };
}

function falseAlarms(service: CompiledService, clean: HarmStudy): readonly Advice[] {
  const allowed = service.analysis?.falseAlarms ?? 0.01;
  if (clean.caught.low <= allowed) return [];
  const sentence =
    `${clean.caught.count} of ${clean.caught.of} releases without harm were hauled back, more than the ` +
    `${percentText(allowed)} that the spec allows: the traffic bursts for longer than what can be told from harm`;
  return [{ kind: "false-alarms", sentence, searched: false }];
}

function slowPass(
  probe: Probe,
  service: CompiledService,
  stages: readonly CompiledStage[],
  clean: HarmStudy,
): Advice | null {
  for (const [index, found] of clean.stages.entries()) {
    const stage = stages[index];
    // At 100 % nothing is beside it that a comparison could go on with.
    if (stage === undefined || stage.maxMs === 0 || stage.share === 100 || found.passed.of < ENOUGH) continue;
    const { count, of } = found.passed;
    if ((of - count - found.caught.count) * 2 <= of) continue;
    const longest = Math.min(LONGEST_MS, Math.max(20 * stage.maxMs, 2 * 3_600_000));
    const needed = probe.timeTo("pass", clean.harm, stage.share, longest, MOST);
    const then = { hold: "it holds for a person", abort: "it goes back", continue: "it goes on without a verdict" };
    const sentence =
      `the ${ordinal(index)} stage (${stage.share} %) ${count * 20 < of ? "cannot" : "mostly does not"} pass within its max ` +
      `of ${roughly(stage.maxMs)}: ${needed === null ? `more than ${roughly(longest)}` : `about ${roughly(needed)}`} are ` +
      `needed; without, ${then[service.onTooLittleData]}`;
    return { kind: "slow-pass", sentence, searched: true };
  }
  return null;
}

function blindStage(
  probe: Probe,
  { requestsPerSecond }: Conditions,
  stages: readonly CompiledStage[],
  { harm, caught: all, stages: found }: HarmStudy,
): Advice | null {
  const index = found.findIndex(
    ({ caught }, place) => (stages[place]?.maxMs ?? 0) > 0 && caught.of >= ENOUGH && misses(caught, all),
  );
  const stage = stages[index];
  const caught = found[index]?.caught;
  if (stage === undefined || caught === undefined) return null;
  const rate = Number(requestsPerSecond.toPrecision(3));
  const head = `with ${rate} requests/s the ${stage.share} % stage ${sees(caught, harm.label)} in its ${roughly(stage.maxMs)}`;
  const wider = smallestShare(probe, harm, stage);
  if (stage.share === 100) {
    const canary = wider === null ? "" : `; a canary's stage of ${wider.share} % takes about ${roughly(wider.ms)}`;
    const why = "nothing runs beside it to compare with, guards and an `objective` decide";
    return { kind: "blind-stage", sentence: `${head}: ${why}${canary}`, searched: wider !== null };
  }
  const longest = Math.min(LONGEST_MS, 6 * stage.maxMs);
  const here = probe.timeTo("fail", harm, stage.share, longest, MOST);
  const tails = [
    ...(wider === null ? [] : [`at ${wider.share} % it takes about ${roughly(wider.ms)}`]),
    // Few rehearsals say what many have contradicted: it is about as long as the stage.
    ...(here === null
      ? []
      : [`at ${stage.share} % it takes ${here > stage.maxMs ? `about ${roughly(here)}` : "a little longer"}`]),
  ];
  const tail =
    tails.length > 0
      ? tails.join("; ")
      : `neither does any share up to ${SHARES.at(-1)} %, nor ${roughly(longest)} at ${stage.share} %`;
  return { kind: "blind-stage", sentence: `${head}; ${tail}`, searched: true };
}

/** More often than not; or often enough that many get through all stages. */
function misses(here: Share, all: Share): boolean {
  return here.count * 2 < here.of || (here.count < MOST * here.of && all.count < 0.9 * all.of);
}

function sees({ count, of }: Share, label: string): string {
  if (count * 20 < of) return `cannot see ${label}`;
  return count * 2 < of ? `rarely sees ${label}` : `misses ${label} in ${of - count} of ${of}`;
}

/** The smallest of {@link SHARES} above the stage's that finds the harm within the stage's time. */
function smallestShare(
  probe: Probe,
  harm: HarmStudy["harm"],
  stage: CompiledStage,
): { readonly share: number; readonly ms: number } | null {
  for (const share of SHARES) {
    if (share <= stage.share && stage.share < 100) continue;
    const ms = probe.timeTo("fail", harm, share, stage.maxMs, MOST);
    if (ms !== null) return { share, ms };
  }
  return null;
}

function ordinal(index: number): string {
  return ["first", "second", "third", "fourth", "fifth"][index] ?? `${index + 1}th`;
}

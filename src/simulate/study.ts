import type { CompiledEnvironment } from "../spec/compiled.js";
import { type Harm, NO_HARM } from "./harm.js";
import { PastHours } from "./past-hours.js";
import { seedOf } from "./random.js";
import { type RehearsalResult, rehearse } from "./rehearsal.js";
import type { TrafficOptions } from "./requests.js";
import type { StageEnd } from "./stage.js";
import { type Quantiles, quantilesOf, type Share, shareOf } from "./statistics.js";

/** What a service is rehearsed with; the harm comes on top. */
export type Conditions = Omit<TrafficOptions, "harm">;

export interface Rehearsed {
  readonly environment: CompiledEnvironment;
  readonly service: string;
  readonly conditions: Conditions;
  readonly seed: number;
}

export interface Effort {
  /** Rehearsals of each harm; null: as many as the budget allows. */
  readonly runs: number | null;
  /** Simulated seconds for each harm, after which no more are begun. Never time of this machine: the same everywhere. */
  readonly budgetSeconds: number;
  readonly least: number;
  readonly most: number;
  /** Different hours before; rehearsals take turns, since an hour costs as much as a rollout. */
  readonly histories: number;
}

/** Some ten seconds of a processor in all. */
export const THOROUGH: Effort = { runs: null, budgetSeconds: 250_000, least: 20, most: 200, histories: 20 };
/** For `plan`: about a second in all. */
export const BRIEF: Effort = { runs: null, budgetSeconds: 16_000, least: 5, most: 24, histories: 2 };

export interface StageStudy {
  readonly share: number;
  /** Of those that came to it. */
  readonly caught: Share;
  readonly passed: Share;
  readonly ends: Readonly<Partial<Record<StageEnd, number>>>;
}

/** Many rehearsals of one harm. Those that were not caught count as never in the quantiles. */
export interface HarmStudy {
  readonly harm: Harm;
  readonly runs: number;
  readonly caught: Share;
  readonly stages: readonly StageStudy[];
  /** From the first request to the new release to the verdict. */
  readonly detectMs: Quantiles;
  readonly harmed: Quantiles;
  readonly outcomes: Readonly<Partial<Record<RehearsalResult["outcome"], number>>>;
  /** Of a rollout that succeeded, from the request to the end. */
  readonly totalMs: Quantiles;
}

export interface Study {
  readonly service: string;
  readonly environment: string;
  readonly conditions: Conditions;
  readonly seed: number;
  /** Without harm first. */
  readonly harms: readonly HarmStudy[];
}

const HISTORY_SECONDS = 3_600;
/** To begin one, and to write down how it ended, costs as much as so many seconds of it. */
const OVERHEAD_SECONDS = 60;

/** Rehearses no harm and each of the harms. `progress` hears of every run; resolves early, with what there is, never. */
export async function study(
  about: Rehearsed,
  harms: readonly Harm[],
  effort: Effort,
  progress: (done: { readonly harm: Harm; readonly run: number; readonly most: number }) => void = () => {},
): Promise<Study> {
  const studies: HarmStudy[] = [];
  const past = new PastHours();
  for (const harm of [NO_HARM, ...harms.filter(({ shares }) => shares.errors + shares.slow > 0)]) {
    const results: RehearsalResult[] = [];
    const most = effort.runs ?? effort.most;
    for (let cost = 0; results.length < most; ) {
      if (effort.runs === null && results.length >= effort.least && cost >= effort.budgetSeconds) break;
      const run = results.length;
      const options = {
        environment: about.environment,
        service: about.service,
        traffic: { ...about.conditions, harm: harm.shares },
        // The same worlds for every harm: what differs between them is the harm.
        seed: seedOf(about.seed, run),
        historySeed: seedOf(about.seed, run % effort.histories, 60),
      };
      const result = await rehearse(options, past);
      results.push(result);
      cost += result.simulatedSeconds - HISTORY_SECONDS + OVERHEAD_SECONDS;
      progress({ harm, run: results.length, most });
    }
    studies.push(summed(harm, results));
  }
  const { service, environment, conditions, seed } = about;
  return { service, environment: environment.name, conditions, seed, harms: studies };
}

function summed(harm: Harm, results: readonly RehearsalResult[]): HarmStudy {
  const caught = results.filter(({ turned }) => turned?.kind === "verdict");
  const outcomes: Partial<Record<RehearsalResult["outcome"], number>> = {};
  for (const { outcome } of results) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const succeeded = results.filter(({ outcome }) => outcome === "succeeded");
  return {
    harm,
    runs: results.length,
    caught: shareOf(caught.length, results.length),
    stages: stageStudies(results),
    detectMs: quantilesOf(
      caught.flatMap(({ turned }) => (turned === null ? [] : [turned.afterMs])),
      results.length,
    ),
    harmed: quantilesOf(
      caught.map(({ harmed }) => harmed),
      results.length,
    ),
    outcomes,
    totalMs: quantilesOf(
      succeeded.map(({ totalMs }) => totalMs),
      succeeded.length,
    ),
  };
}

function stageStudies(results: readonly RehearsalResult[]): readonly StageStudy[] {
  const count = results.reduce((most, { stages }) => Math.max(most, stages.length), 0);
  return Array.from({ length: count }, (_, index): StageStudy => {
    const came = results.flatMap(({ stages }) => stages[index] ?? []);
    const ends: Partial<Record<StageEnd, number>> = {};
    for (const { end } of came) ends[end] = (ends[end] ?? 0) + 1;
    return {
      share: came[0]?.share ?? 100,
      caught: shareOf(ends.fail ?? 0, came.length),
      passed: shareOf(ends.pass ?? 0, came.length),
      ends,
    };
  });
}

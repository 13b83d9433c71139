import { byTime } from "../core/analysis/by-time.js";
import { RolloutAnalysis } from "../core/analysis/rollout.js";
import type { Block, ComparisonEvidence, SignalCounts, SignalJudgement, Verdict } from "../core/model/judgement.js";
import type { ServiceStory } from "./service-story.js";

/** What was counted for a service, and how long one block is: 1,000 ms, or 60,000 where the seconds are gone. */
export interface Counted {
  readonly blocks: readonly Block[];
  readonly blockMs: number;
}

/** How one signal stood at the end of a bin of time. */
export interface Point {
  /** Engine milliseconds: the end of the bin. */
  readonly at: number;
  readonly verdict: Verdict;
  /** Everything that was compared so far. */
  readonly canary: SignalCounts;
  readonly stable: SignalCounts | null;
  readonly comparison: ComparisonEvidence;
}

/** One signal over a rollout. */
export interface Course {
  readonly service: string;
  readonly signal: string;
  readonly blockMs: number;
  readonly binMs: number;
  readonly since: number;
  readonly until: number;
  readonly points: readonly Point[];
}

/** A target rounds where its seconds begin to whole ones: by its label, the second that decided may end later by so much. */
const SECONDS_AHEAD_MS = 500;

/** More would be finer than a pixel. */
export const MAX_BINS = 240;

/**
 * The rollout once more: the counts that are kept go through the same analysis that the engine used, and each bin keeps
 * how it stood at its end. Empty: nothing is compared, or no request is known. Signals of other sources have no blocks,
 * and no course.
 */
export function coursesOf(story: ServiceStory, counted: Counted): readonly Course[] {
  const { spec, stable, canary, since, until, attempt, slowMs } = story;
  const analysis = spec?.analysis ?? null;
  if (analysis === null || canary === null || since === null) return [];
  const { blockMs } = counted;
  const rollout = new RolloutAnalysis({ analysis, stable, canary, attempt, memory: null, slowMs });
  const binMs = binOf(until - since, blockMs);
  const points = new Map<string, Point[]>();
  const take = (at: number) => {
    for (const judged of rollout.judge().signals) keep(points, judged, at);
  };
  let end = since + binMs;
  let isOpen = false;
  for (const [at, blocks] of byTime(counted.blocks)) {
    // The engine looks at seconds that are over; a minute that is not is better than none.
    if (at + (blockMs === 1_000 ? blockMs - SECONDS_AHEAD_MS : 1) > until) break;
    // Nobody was sent to the new group in the second before it got its weight.
    if (at + blockMs <= since) {
      rollout.learn(at, blocks);
      continue;
    }
    if (at >= end) {
      if (isOpen) take(end);
      end += Math.ceil((at + 1 - end) / binMs) * binMs;
    }
    rollout.update(at, blocks);
    isOpen = true;
  }
  if (isOpen) take(Math.min(end, until));
  return analysis.signals.flatMap(({ name: signal }) => {
    const of = points.get(signal) ?? [];
    return of.length === 0 ? [] : [{ service: story.service, signal, blockMs, binMs, since, until, points: of }];
  });
}

/** Whole blocks, as few as possible, at most {@link MAX_BINS} bins. */
export function binOf(spanMs: number, blockMs: number): number {
  return Math.max(1, Math.ceil(spanMs / MAX_BINS / blockMs)) * blockMs;
}

function keep(points: Map<string, Point[]>, judged: SignalJudgement, at: number): void {
  const { signal, verdict, canary, stable, comparison } = judged;
  if (comparison === undefined || canary.total === 0) return;
  const of = points.get(signal) ?? [];
  points.set(signal, of);
  of.push({ at, verdict, canary, stable, comparison });
}

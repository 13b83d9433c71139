import { RolloutAnalysis } from "../core/analysis/rollout.js";
import type { Block } from "../core/model/judgement.js";
import type { CompiledAnalysis, CompiledService } from "../spec/compiled.js";
import type { Harm } from "./harm.js";
import { comparisonBy, isCounted } from "./part.js";
import { seedOf } from "./random.js";
import { Requests } from "./requests.js";
import { quantilesOf } from "./statistics.js";
import type { Rehearsed } from "./study.js";

/** Few: enough for "about 22 minutes", not for a second digit. */
export const PROBES = 9;
const HISTORY_S = 3_600;

/**
 * Median time to a verdict when the new release stays at `share` percent: the comparison alone on coarse rehearsals,
 * without the engine and its guards. Null: not within `longestMs` in half of them, or nothing is compared.
 */
export function timeToVerdict(
  about: Rehearsed,
  harm: Harm,
  wanted: "fail" | "pass",
  share: number,
  longestMs: number,
): number | null {
  const service = about.environment.services[about.service];
  const analysis = service === undefined ? null : comparisonBy(service, isCounted);
  if (service === undefined || analysis === null) return null;
  const came: number[] = [];
  const middle = Math.ceil(PROBES / 2);
  for (let run = 0; run < PROBES; run++) {
    // Too many have not come: what is left cannot move the median.
    if (run - came.length > PROBES - middle) return null;
    // Nor can what comes later than the ones that make it.
    const limit = came.length < middle ? longestMs : (came.toSorted((a, b) => a - b)[middle - 1] ?? longestMs);
    const ms = onceAt(about, { service, analysis, harm, share, run }, wanted, limit);
    if (ms !== null) came.push(ms);
  }
  return quantilesOf(came, PROBES).median;
}

interface Probe {
  readonly service: CompiledService;
  readonly analysis: CompiledAnalysis;
  readonly harm: Harm;
  readonly share: number;
  readonly run: number;
}

function onceAt(
  { conditions, seed }: Rehearsed,
  probe: Probe,
  wanted: "fail" | "pass",
  limitMs: number,
): number | null {
  const { service, analysis, harm, share, run } = probe;
  const requests = new Requests({ ...conditions, harm: harm.shares }, seedOf(seed, share, run));
  const comparison = new RolloutAnalysis({ analysis, stable: "stable", canary: "canary", attempt: 1, memory: null });
  const stable = Math.max(1, service.replicas);
  const canary = Math.max(1, Math.ceil((stable * share) / 100));
  const second = (at: number, percent: number): readonly Block[] => [
    ...group("stable", at, 100 - percent, stable),
    ...(percent === 0 ? [] : group("canary", at, percent, canary)),
  ];
  const group = (name: "stable" | "canary", at: number, percent: number, replicas: number): readonly Block[] => {
    const mean = (conditions.requestsPerSecond * percent) / 100 / replicas;
    const part = { at, group: name, isNew: name === "canary", mean };
    return Array.from({ length: replicas }, (_, index) => requests.of({ ...part, replica: `${name}-${index}` })).filter(
      (block) => block !== null,
    );
  };
  for (let at = 0; at < HISTORY_S; at++) comparison.learn(at * 1000, second(at * 1000, 0));
  // It may be asked at any time; asked rarely it answers a little late, which is little of what it took.
  for (let at = 0, look = 1; at * 1000 < limitMs; at++) {
    comparison.update((HISTORY_S + at) * 1000, second((HISTORY_S + at) * 1000, share));
    if (at + 1 < look) continue;
    if (comparison.judge().verdict === wanted) return (at + 1) * 1000;
    look = Math.max(look + 1, look * 1.02);
  }
  return null;
}

import type { SignalCounts, Verdict } from "../model/judgement.js";

/** What a comparison knows when it is put into words. */
export interface ComparisonFacts {
  readonly signal: string;
  readonly verdict: Verdict;
  readonly canary: SignalCounts;
  readonly stable: SignalCounts | null;
  readonly objective: number | null;
  readonly margin: { readonly fail: number; readonly pass: number };
  /** Seconds since the canary's first request. */
  readonly elapsed: number;
  readonly size: number | null;
  readonly worst: { readonly replica: string; readonly bad: number; readonly of: number } | null;
  readonly slowerThanMs: number | null;
  readonly warmUp: { readonly ms: number; readonly requests: number };
  readonly evidence: { readonly fail: number; readonly pass: number };
  readonly needed: { readonly fail: number; readonly pass: number };
  readonly ratios: { readonly fail: readonly number[]; readonly pass: readonly number[] };
  /** The most evidence for a pass that a second may add, on average. */
  readonly fastest: number;
}

/** A stable group this bad is news of its own. */
const BROKEN = 0.2;
/** Most of the harm on one replica is worth a word. */
const MOST = 0.8;

/** One sentence: what was counted, beside what, and what follows. */
export function describeComparison(facts: ComparisonFacts): string {
  const { canary, stable, objective, margin } = facts;
  const bad = facts.slowerThanMs === null ? nounOf(facts.signal) : `slower than ${milliseconds(facts.slowerThanMs)}`;
  if (canary.total === 0 && facts.warmUp.requests > 0)
    return `${facts.signal}: all ${facts.warmUp.requests} requests came while the new group warmed up (${milliseconds(facts.warmUp.ms)})`;
  if (canary.total === 0) return `${facts.signal}: the new group answered nothing yet`;
  const mine = `${canary.bad} of ${canary.total} requests ${bad} (${percent(rate(canary))})`;
  const beside = stable === null ? `the objective is ${percent(objective ?? 0)}` : `stable ${percent(rate(stable))}`;
  const broken = stable !== null && rate(stable) > BROKEN ? "; stable is broken itself" : "";
  const counted = `${mine}, ${beside}${broken}`;
  switch (facts.verdict) {
    case "fail":
      return `${counted}: worse by more than ${points(margin.fail)}${oneReplica(facts)}`;
    case "pass":
      return `${counted}: not worse by ${points(margin.pass)}`;
    default:
      return `${counted}: not decided yet`;
  }
}

function nounOf(signal: string): string {
  return signal === "errors" ? "failed" : `bad by ${signal}`;
}

function oneReplica({ worst, canary }: ComparisonFacts): string {
  if (worst === null || worst.bad < MOST * canary.bad) return "";
  return `; ${worst.bad} of the ${canary.bad} on ${worst.replica}, one of ${worst.of} replicas`;
}

export function rate({ bad, total }: SignalCounts): number {
  return total === 0 ? 0 : bad / total;
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(share < 0.01 ? 2 : 1))} %`;
}

/** A difference of two shares. */
export function points(margin: number): string {
  const count = Number((margin * 100).toFixed(2));
  return margin === 0 ? "nothing" : `${count} ${count === 1 ? "point" : "points"}`;
}

export function milliseconds(ms: number): string {
  return ms >= 1_000 ? `${Number((ms / 1_000).toFixed(1))} s` : `${Number(ms.toPrecision(3))} ms`;
}

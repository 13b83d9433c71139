import type { Guard } from "../../spec/compiled.js";
import type { Block, Judgement, SignalCounts, SignalJudgement, Verdict } from "../model/judgement.js";
import { combine, type Evidence } from "./seam.js";

/** A window is cut into this many slices; "above for 5 minutes" means above in each one that had requests. */
const SLICES = 5;

/** Verdict of threshold guards over everything that the canary group answered since it gets traffic. */
export function judgeGuards(guards: readonly Guard[], evidence: Evidence): Judgement {
  return combine(guards.map((guard) => judgeGuard(guard, evidence)));
}

/**
 * `fail` when the trailing window of `forMs` is full, has `minSamples`, and each of its slices with requests is
 * above the threshold, as a Prometheus rule with `for` would fire; and stable is not as bad in the same window (rule 11).
 */
export function judgeGuard(guard: Guard, evidence: Evidence): SignalJudgement {
  if (guard.signal === "restarts") return judgeRestarts(guard, evidence);
  const from = evidence.now - guard.forMs;
  const canary = count(evidence.canary, guard, from, evidence.now);
  const stable = countStable(guard, evidence, from);
  const all = count(evidence.canary, guard);
  const say = (verdict: Verdict, sentence: string): SignalJudgement => ({
    signal: guard.signal,
    verdict,
    canary: verdict === "fail" ? canary : all,
    stable,
    sentence,
  });

  const limit = `${guard.signal} > ${percent(guard.above)} for ${guard.forMs / 1000} s`;
  const recently = canary.total >= guard.minSamples && rate(canary) > guard.above;
  if (evidence.since <= from && recently && everySliceAbove(within(evidence.canary, from, evidence.now), from, guard)) {
    if (stable !== null && asBad(stable, canary, guard))
      return say(
        "pass",
        `${describe(guard, canary)}, over the limit (${limit}), but stable has ${percent(rate(stable))}`,
      );
    return say(
      "fail",
      `${describe(guard, canary)}: ${limit}${stable === null ? "" : `; stable has ${percent(rate(stable))}`}`,
    );
  }
  if (all.total === 0) return say("no-data", `${guard.signal}: the new group answered nothing yet`);
  if (all.total < guard.minSamples)
    return say("inconclusive", `${guard.signal}: ${all.total} of ${guard.minSamples} requests needed for a verdict`);
  if (rate(all) <= guard.above && !recently)
    return say("pass", `${describe(guard, all)}, within ${percent(guard.above)}`);
  if (stable !== null && asBad(stable, canary, guard))
    return say("pass", `${describe(guard, all)}, no worse than stable's ${percent(rate(stable))}`);
  return say(
    "inconclusive",
    `${describe(guard, all)}: above ${percent(guard.above)}, not yet for ${guard.forMs / 1000} s`,
  );
}

/** Stable in the same window; once it gets no requests any more, what it was like beside the new group. */
function countStable(guard: Guard, evidence: Evidence, from: number): SignalCounts | null {
  if (evidence.stable.length === 0) return null;
  const beside = count(evidence.stable, guard, from, evidence.now);
  return beside.total > 0 ? beside : count(evidence.stable, guard);
}

/**
 * Stable is over the limit itself, and the new group is no worse than it by more than chance (two standard errors of
 * the difference of two proportions): equal groups must not fail by who had one error more in a second.
 */
function asBad(stable: SignalCounts, canary: SignalCounts, guard: Guard): boolean {
  if (stable.total === 0 || canary.total === 0 || rate(stable) <= guard.above) return false;
  const pooled = (stable.bad + canary.bad) / (stable.total + canary.total);
  const chance = 2 * Math.sqrt(pooled * (1 - pooled) * (1 / stable.total + 1 / canary.total));
  return rate(canary) - rate(stable) <= chance;
}

function judgeRestarts(guard: Guard, evidence: Evidence): SignalJudgement {
  const bad = within(evidence.canary, evidence.now - guard.forMs, evidence.now).reduce((sum, b) => sum + b.restarts, 0);
  const verdict = bad > guard.above ? "fail" : "pass";
  const sentence = `${bad} restarts in ${guard.forMs / 1000} s (limit ${guard.above})`;
  return { signal: "restarts", verdict, canary: { bad, total: bad }, stable: null, sentence };
}

function everySliceAbove(window: readonly Block[], from: number, guard: Guard): boolean {
  const width = Math.max(1000, guard.forMs / SLICES);
  const slices = new Map<number, SignalCounts>();
  for (const block of window) {
    const slice = Math.floor((block.at - from) / width);
    const sum = slices.get(slice) ?? { bad: 0, total: 0 };
    slices.set(slice, { bad: sum.bad + bad(block, guard), total: sum.total + block.total });
  }
  const busy = [...slices.values()].filter((slice) => slice.total > 0);
  return busy.length > 0 && busy.every((slice) => rate(slice) > guard.above);
}

function touches(block: Block, from: number, to: number): boolean {
  return block.at + 1000 > from && block.at <= to;
}

/** Blocks of a second that touches the interval. */
function within(blocks: readonly Block[], from: number, to: number): readonly Block[] {
  return blocks.filter((block) => touches(block, from, to));
}

function count(blocks: readonly Block[], guard: Guard, from = Number.NEGATIVE_INFINITY, to = Infinity): SignalCounts {
  let total = 0;
  let sum = 0;
  for (const block of blocks) {
    if (!touches(block, from, to)) continue;
    total += block.total;
    sum += bad(block, guard);
  }
  return { bad: sum, total };
}

function bad(block: Block, guard: Guard): number {
  return guard.signal === "slow" ? block.slow : block.errors;
}

function rate(counts: SignalCounts): number {
  return counts.total === 0 ? 0 : counts.bad / counts.total;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function describe(guard: Guard, counts: SignalCounts): string {
  const noun = guard.signal === "slow" ? "slow requests" : "errors";
  return `${counts.bad} ${noun} in ${counts.total} requests (${percent(rate(counts))})`;
}

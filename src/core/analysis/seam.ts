import type { Block, Judgement, SignalJudgement, Verdict } from "../model/judgement.js";

/** What a test is shown: blocks of counts, stable and canary from the same seconds. */
export interface Evidence {
  readonly canary: readonly Block[];
  /** Empty when there is no stable group. */
  readonly stable: readonly Block[];
  /** Engine time since which the canary gets traffic. */
  readonly since: number;
  readonly now: number;
}

/**
 * The seam for statistical tests. A threshold guard is one; a sequential test is another, which keeps its own
 * state in `S`: `update` is given each finished second once, `judge` may be called at any time.
 */
export interface SignalTest<S> {
  readonly signal: string;
  begin(): S;
  update(state: S, evidence: Evidence): S;
  judge(state: S, evidence: Evidence): SignalJudgement;
}

const RANK = ["fail", "provider-error", "no-data", "inconclusive", "pass"] as const;

/** The same without the words: what decides of several verdicts. */
export function combinedVerdict(verdicts: readonly Verdict[]): Verdict {
  return RANK.find((one) => verdicts.includes(one)) ?? "pass";
}

/** One verdict from several: `fail` beats all; `pass` needs every signal to pass (rule 7). */
export function combine(signals: readonly SignalJudgement[]): Judgement {
  const worst = RANK.find((verdict) => signals.some((signal) => signal.verdict === verdict));
  if (worst === undefined) return { verdict: "pass", signals, sentence: "no signal is declared: time alone decides" };
  const deciding = signals.filter((signal) => signal.verdict === worst);
  return { verdict: worst, signals, sentence: deciding.map((signal) => signal.sentence).join("; ") };
}

/** The source of the counts did not answer: never a pass, never a fail (rule 7). */
export function providerError(signals: readonly string[], message: string): Judgement {
  return combine(
    signals.map((signal) => ({
      signal,
      verdict: "provider-error",
      canary: { bad: 0, total: 0 },
      stable: null,
      sentence: `${signal}: the source of the counts does not answer (${message})`,
    })),
  );
}

import { Oracle } from "../oracle.js";
import { judgeTrace } from "../ours.js";
import { RIVALS } from "../rivals/all.js";
import { type Rollout, rolloutOf } from "../rivals/rival.js";
import { makeTrace, type TraceName } from "../traces.js";

export type Harm = { readonly badRate: number } | { readonly delta: number };

/** Runs of one kind of traffic, and who judges them. Seeds `from`, `from + 1`, ... */
export interface Study {
  readonly trace: TraceName;
  readonly base: number;
  readonly harm?: Harm;
  readonly from: number;
  readonly runs: number;
  /** Seconds before the rollout: only we look at them. */
  readonly history: number;
  readonly ours: "fail" | "pass" | null;
  readonly rivals: boolean;
}

/** Of every run: the second (from 1) after which each judge decided, 0 for never; and the canary's bad requests until then. */
export interface Findings {
  readonly ours: Judged | null;
  /** In the order of RIVALS; run by run, within it setting by setting. */
  readonly rivals: readonly Judged[];
  /** Where the harm is a share of its own. */
  readonly oracle: Judged | null;
}
export interface Judged {
  readonly seconds: Int32Array;
  readonly harmed: Int32Array;
}

export function study({ trace: name, base, harm, from, runs, history, ours, rivals }: Study): Findings {
  const nobody = (width: number): Judged => ({
    seconds: new Int32Array(width * runs),
    harmed: new Int32Array(width * runs),
  });
  const known = harm !== undefined && "badRate" in harm ? { stable: base, canary: harm.badRate } : null;
  const oracle = known === null ? null : new Oracle(known);
  const findings = {
    ours: ours === null ? null : nobody(1),
    rivals: rivals ? RIVALS.map(({ settings }) => nobody(settings.length)) : [],
    oracle: oracle === null ? null : nobody(1),
  };
  for (let run = 0; run < runs; run++) {
    const trace = makeTrace(name, { base, seed: from + run, history, ...(harm === undefined ? {} : { harm }) });
    const rollout = rolloutOf(trace);
    const harmed = harmedUntil(rollout);
    const note = (judged: Judged | null, at: number, second: number) => {
      if (judged === null) return;
      judged.seconds[at] = second;
      judged.harmed[at] = harmed[second === 0 ? rollout.seconds : second] ?? 0;
    };
    if (ours !== null) note(findings.ours, run, judgeTrace(trace, ours)?.second ?? 0);
    if (oracle !== null) note(findings.oracle, run, oracle.decide(rollout));
    findings.rivals.forEach((judged, r) => {
      const decisions = RIVALS[r]?.decide(rollout) ?? [];
      for (let s = 0; s < decisions.length; s++) note(judged, run * decisions.length + s, decisions[s] ?? 0);
    });
  }
  return findings;
}

/** The canary's bad requests in the first seconds, by their number. */
function harmedUntil({ seconds, canary }: Rollout): Int32Array {
  const until = new Int32Array(seconds + 1);
  for (let i = 0; i < seconds; i++) until[i + 1] = (until[i] ?? 0) + (canary.bad[i] ?? 0);
  return until;
}

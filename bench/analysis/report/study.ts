import { Oracle } from "../oracle.js";
import { judgeTrace } from "../ours.js";
import { RIVALS } from "../rivals/all.js";
import { type Rollout, rolloutOf } from "../rivals/rival.js";
import { makeTrace, type TraceName } from "../traces.js";
import { type Judged, nobody, note } from "./judged.js";

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
  /** `published`: with the setting of their makers alone. */
  readonly rivals: "all" | "published" | null;
}

export interface Findings {
  readonly ours: Judged | null;
  /** In the order of RIVALS. */
  readonly rivals: readonly Judged[];
  /** Where the harm is a share of its own. */
  readonly oracle: Judged | null;
}

export function study(about: Study): Findings {
  const { trace: name, base, harm, runs, history } = about;
  const known = harm !== undefined && "badRate" in harm ? { stable: base, canary: harm.badRate } : null;
  const oracle = known === null ? null : new Oracle(known);
  const findings = {
    ours: about.ours === null ? null : nobody(runs, 1),
    rivals:
      about.rivals === null ? [] : RIVALS.map((one) => nobody(runs, about.rivals === "all" ? one.settings.length : 1)),
    oracle: oracle === null ? null : nobody(runs, 1),
  };
  for (let run = 0; run < runs; run++) {
    const trace = makeTrace(name, { base, seed: about.from + run, history, ...(harm === undefined ? {} : { harm }) });
    const rollout = rolloutOf(trace);
    const harmed = harmedUntil(rollout);
    if (findings.ours !== null && about.ours !== null)
      note(findings.ours, run, [judgeTrace(trace, about.ours)?.second ?? 0], harmed);
    if (findings.oracle !== null && oracle !== null) note(findings.oracle, run, [oracle.decide(rollout)], harmed);
    RIVALS.forEach((rival, r) => {
      const judged = findings.rivals[r];
      if (judged === undefined) return;
      const decisions = rival.decide(rollout);
      note(judged, run, about.rivals === "all" ? decisions : [decisions[rival.published] ?? 0], harmed);
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

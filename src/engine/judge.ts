import { judgeGuards } from "../core/analysis/guard.js";
import { providerError } from "../core/analysis/seam.js";
import type { Judgement } from "../core/model/judgement.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { EvidenceWindow } from "./evidence.js";

/**
 * Verdicts on the new groups that get requests. A service without traffic yet, or going back, has none;
 * a worker is judged by its restarts from its first ready replica on.
 */
export function judgements(
  state: EnvironmentState,
  evidence: ReadonlyMap<string, EvidenceWindow>,
  now: number,
  sourceProblem: string | null,
): Readonly<Record<string, Judgement>> {
  const found: Record<string, Judgement> = {};
  const revision = state.revisions[state.deployment?.to ?? ""];
  for (const [name, service] of Object.entries(state.services)) {
    const { rollout } = service;
    const spec = revision?.environment.services[name];
    if (rollout === null || spec === undefined || (rollout.phase !== "forward" && rollout.phase !== "arrived"))
      continue;
    // A first deployment and a way back inside the window are gated by readiness alone.
    const stages = rollout.progression.stages;
    if (stages.length === 1 && stages[0]?.maxMs === 0) continue;
    const since = rollout.trafficSince ?? (spec.listen === null ? rollout.startedAt : null);
    if (since === null) continue;
    const guards = spec.listen === null ? spec.guards.filter((guard) => guard.signal === "restarts") : spec.guards;
    if (sourceProblem !== null) {
      found[name] = providerError(
        guards.map((guard) => guard.signal),
        sourceProblem,
      );
      continue;
    }
    const window = evidence.get(name);
    found[name] = judgeGuards(guards, {
      canary: window?.of(rollout.to, since) ?? [],
      stable: rollout.from === null ? [] : (window?.of(rollout.from, since) ?? []),
      since,
      now,
    });
  }
  return found;
}

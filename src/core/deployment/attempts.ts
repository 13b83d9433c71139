import type { DeploymentOutcome } from "../model/events.js";
import type { RevisionId, ServiceName } from "../model/intent.js";
import type { EnvironmentState, RolloutState } from "../model/state.js";

/** Older counts go: who comes back to a revision after so many others tries something new. */
const MOST = 64;

/** Which attempt it is, from 1, to roll this service out to this revision under observation. */
export function attemptOf(state: EnvironmentState, service: ServiceName, revision: RevisionId): number {
  return 1 + (state.attempts[keyOf(service, revision)] ?? 0);
}

/** Requests were compared, or could have been: stages that only wait for replicas observe nothing. */
export function isObserved(rollout: RolloutState): boolean {
  return rollout.progression.stages.some((stage) => stage.maxMs > 0);
}

/** Engine time since which there is something to judge: requests to the new group, or a worker's processes; null: not yet. */
export function judgedSince(rollout: RolloutState, isWorker: boolean): number | null {
  return rollout.trafficSince ?? (isWorker ? rollout.startedAt : null);
}

/**
 * The count when the deployment in progress ends. Each attempt may raise a false alarm, so one that did not settle
 * counts, whatever ended it, once its new group had requests; one that settles begins the count again.
 */
export function attemptsAfter(state: EnvironmentState, outcome: DeploymentOutcome): EnvironmentState["attempts"] {
  const { deployment } = state;
  if (deployment === null) return state.attempts;
  const counted = Object.entries(state.attempts);
  for (const { service } of deployment.steps) {
    const rollout = state.services[service]?.rollout ?? null;
    const key = keyOf(service, deployment.to);
    const place = counted.findIndex(([known]) => known === key);
    const [, before = 0] = place < 0 ? [] : (counted.splice(place, 1)[0] ?? []);
    const worker = state.revisions[deployment.to]?.environment.services[service]?.listen === null;
    const tried = rollout !== null && isObserved(rollout) && judgedSince(rollout, worker) !== null;
    const count = outcome === "succeeded" ? 0 : before + (tried ? 1 : 0);
    if (count > 0) counted.push([key, count]);
  }
  return Object.fromEntries(counted.slice(-MOST));
}

function keyOf(service: ServiceName, revision: RevisionId): string {
  return `${service} ${revision}`;
}

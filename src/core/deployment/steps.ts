import type { DeploymentStep } from "../model/events.js";
import type { GroupId, RevisionId } from "../model/intent.js";
import type { Revision } from "../model/revision.js";
import type { EnvironmentState } from "../model/state.js";
import { stagesOf } from "../rollout/stages.js";
import { deploymentOrder } from "./order.js";

/** What going to `to` means for each service: roll out what differs, keep what runs already, remove what is gone. */
export function deploymentSteps(state: EnvironmentState, to: RevisionId, fast: boolean): readonly DeploymentStep[] {
  const revision = state.revisions[to];
  if (revision === undefined) throw new RangeError(`no revision ${to}`);
  const steps: DeploymentStep[] = [];
  for (const service of deploymentOrder(revision.environment)) {
    const spec = revision.environment.services[service];
    if (spec === undefined) continue;
    const from = state.services[service]?.stable ?? null;
    const running = from === null ? null : digestOfGroup(state, service, from);
    if (from !== null && running === revision.workloads[service]) {
      steps.push({ service, action: "keep", from, to: from, stages: [] });
      continue;
    }
    const stages = stagesOf(spec, { first: from === null, fast });
    steps.push({ service, action: "roll-out", from, to: groupFor(state, service, revision), stages });
  }
  for (const [service, current] of Object.entries(state.services)) {
    if (revision.environment.services[service] === undefined && current.stable !== null)
      steps.push({ service, action: "remove", from: current.stable, to: null, stages: [] });
  }
  return steps;
}

/** A kept group that runs the same is the instant way back; otherwise the revision gets a group of its own. */
function groupFor(state: EnvironmentState, service: string, revision: Revision): GroupId {
  const wanted = revision.workloads[service];
  const groups = Object.keys(state.services[service]?.groups ?? {});
  return groups.find((group) => digestOfGroup(state, service, group) === wanted) ?? revision.id;
}

/** Digest of the workload that a group was created for. */
export function digestOfGroup(state: EnvironmentState, service: string, group: string): string | null {
  const revision = state.services[service]?.groups[group]?.revision;
  return revision === undefined ? null : (state.revisions[revision]?.workloads[service] ?? null);
}

/** Replicas that a service has in a revision: what `scale` asked for, else the spec. */
export function sizeIn(state: EnvironmentState, service: string, revision: RevisionId): number {
  return state.scale[service] ?? state.revisions[revision]?.environment.services[service]?.replicas ?? 0;
}

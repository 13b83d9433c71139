import type { Strategy } from "../../spec/compiled.js";
import type { Cause } from "../model/cause.js";
import type { DeploymentOutcome } from "../model/events.js";
import type { RevisionId } from "../model/intent.js";
import type { DeploymentState, EnvironmentState, GroupState, ServiceState } from "../model/state.js";
import { sizeIn } from "./steps.js";

/**
 * The end of a deployment moves pointers; nothing is copied over the old group (rule 6). A group that lost its
 * traffic stays for as long as its strategy keeps it, as the instant way back.
 */
export function finishServices(
  state: EnvironmentState,
  outcome: DeploymentOutcome,
  cause: Cause | null,
  at: number,
): EnvironmentState {
  const current = state.deployment;
  if (current === null) return state;
  const deployment: DeploymentState = {
    ...current,
    outcome,
    finishedAt: at,
    cause: current.cause ?? cause,
    paused: null,
  };
  const services: Record<string, ServiceState> = {};
  for (const [name, service] of Object.entries(state.services)) {
    const kept = outcome === "succeeded" ? succeed(state, deployment, name, service, at) : goneBack(service);
    if (kept !== null) services[name] = outcome === "succeeded" ? onlyOneKept(kept, at) : kept;
  }
  const settled = outcome === "succeeded" ? settle(state.settled, deployment) : state.settled;
  return { ...state, deployment, services, settled };
}

function succeed(
  state: EnvironmentState,
  deployment: DeploymentState,
  name: string,
  service: ServiceState,
  at: number,
): ServiceState | null {
  const step = deployment.steps.find((candidate) => candidate.service === name);
  if (step === undefined || step.action === "remove") return null;
  const stable = step.to;
  const strategy = state.revisions[deployment.to]?.environment.services[name]?.strategy;
  const groups: Record<string, GroupState> = {};
  for (const [id, group] of Object.entries(service.groups)) {
    // A service that is kept may have another number of replicas now; a kept group may have been scaled meanwhile.
    if (id === stable) groups[id] = { ...group, replicas: sizeIn(state, name, deployment.to), removeAt: null };
    else if (group.replicas > 0) groups[id] = { ...group, removeAt: group.removeAt ?? at + keptFor(strategy) };
  }
  return { ...service, stable, groups, routed: null, rollout: null };
}

/** Deployments in a row would each leave a whole group behind: the one that lost its traffic last stays, the others go. */
function onlyOneKept(service: ServiceState, at: number): ServiceState {
  const kept = Object.entries(service.groups).filter(([, group]) => group.removeAt !== null);
  const last = kept.reduce((latest, [, group]) => Math.max(latest, group.removeAt ?? 0), 0);
  const newest = kept.findLast(([, group]) => group.removeAt === last)?.[0];
  const groups = Object.entries(service.groups).map(([id, group]): [string, GroupState] =>
    group.removeAt === null || id === newest ? [id, group] : [id, { ...group, removeAt: Math.min(group.removeAt, at) }],
  );
  return { ...service, groups: Object.fromEntries(groups) };
}

/** Where the old group did not come up and the new one had to stay, that one is what runs now. */
function goneBack(service: ServiceState): ServiceState | null {
  const { rollout } = service;
  if (service.stable === null) return null;
  const stayed = rollout !== null && !rollout.clean && (service.groups[rollout.to]?.replicas ?? 0) > 0;
  const stable = stayed ? rollout.to : service.stable;
  const groups = Object.fromEntries(
    Object.entries(service.groups).filter(([id, group]) => id === stable || group.replicas > 0),
  );
  return { ...service, stable, groups, rollout: null };
}

function keptFor(strategy: Strategy | undefined): number {
  return strategy === undefined || strategy.kind === "rolling" ? 0 : strategy.keepOldMs;
}

/** A rollback drops what came after its goal: a second one goes one further back, never forth again. */
function settle(settled: readonly RevisionId[], deployment: DeploymentState): readonly RevisionId[] {
  const found = settled.lastIndexOf(deployment.to);
  if (deployment.kind === "rollback" && found >= 0) return settled.slice(0, found + 1);
  return settled.at(-1) === deployment.to ? settled : [...settled, deployment.to];
}

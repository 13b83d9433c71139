import type { CompiledScaling } from "../../spec/compiled-cluster.js";
import type { GroupId, GroupIntent, RevisionId, ServiceName } from "../model/intent.js";
import type { Observation } from "../model/observation.js";
import type { EnvironmentState, ServiceState } from "../model/state.js";
import { presentReplicas } from "../rollout/readiness.js";
import { sizeIn } from "./steps.js";

function scalingOf(state: EnvironmentState, service: ServiceName, revision: RevisionId): CompiledScaling | null {
  return state.revisions[revision]?.environment.services[service]?.scaling ?? null;
}

/**
 * How many replicas an autoscaler has left the group that a rollout begins on: the new group has to carry as much.
 * Null: nobody but Windlass moves the number.
 */
export function scaledTo(
  state: EnvironmentState,
  service: ServiceName,
  from: GroupId | null,
  observation: Observation | null,
): number | null {
  const group = from === null ? undefined : state.services[service]?.groups[from];
  if (group === undefined || from === null || group.replicas === 0) return null;
  const scaling = scalingOf(state, service, group.revision);
  if (scaling === null) return null;
  const present = presentReplicas(observation?.services[service], from);
  return Math.min(Math.max(scaling.max, group.replicas), Math.max(group.replicas, present));
}

/** Replicas of the new group when it is whole: what the old one had, inside the range that the new revision allows. */
export function sizeBeside(
  state: EnvironmentState,
  service: ServiceName,
  revision: RevisionId,
  scaled: number | undefined,
): number {
  const size = sizeIn(state, service, revision);
  const scaling = scalingOf(state, service, revision);
  if (scaling === null || scaled === undefined || size === 0) return size;
  return Math.min(Math.max(scaling.max, size), Math.max(size, scaled));
}

/**
 * A number, or the range that an autoscaler may move in. While a rollout goes on the old group may only grow, and a
 * group that gives up replicas one by one, grows toward its size, or is kept without requests has a number.
 */
export function replicasOf(
  state: EnvironmentState,
  name: ServiceName,
  service: ServiceState,
  id: GroupId,
): GroupIntent["replicas"] {
  const group = service.groups[id];
  if (group === undefined) return 0;
  const { replicas } = group;
  const scaling = scalingOf(state, name, group.revision);
  if (scaling === null || replicas === 0 || group.removeAt !== null) return replicas;
  const range = { min: replicas, max: Math.max(scaling.max, replicas) };
  const { rollout } = service;
  if (rollout === null) return id === service.stable ? range : replicas;
  const whole = id === rollout.from && (rollout.phase === "forward" || rollout.phase === "arrived");
  const strategy = state.revisions[state.deployment?.to ?? ""]?.environment.services[name]?.strategy.kind;
  return whole && strategy !== undefined && strategy !== "rolling" ? range : replicas;
}

/** As many as the revision says, whatever the rollout has come to. */
export function wholeOf(state: EnvironmentState, name: ServiceName, revision: RevisionId): GroupIntent["replicas"] {
  const size = sizeIn(state, name, revision);
  const scaling = scalingOf(state, name, revision);
  return scaling === null ? size : { min: size, max: Math.max(scaling.max, size) };
}

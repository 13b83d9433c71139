import type { DomainEvent } from "../model/events.js";
import type { GroupId } from "../model/intent.js";
import type { DeploymentState, EnvironmentState, GroupState, RolloutState, ServiceState } from "../model/state.js";
import { beginProgression } from "../progression/step.js";
import { attemptsAfter } from "./attempts.js";
import { finishServices } from "./finish.js";

/** Where an event stands: everything else about it is in its data. */
export interface Place {
  readonly version: number;
  readonly at: number;
  readonly by: string;
  readonly key: string | null;
}

const MAX_KEYS = 500;

export function emptyEnvironment(key: string): EnvironmentState {
  return {
    key,
    version: 0,
    intentVersion: 0,
    at: 0,
    deployments: 0,
    revisions: {},
    services: {},
    deployment: null,
    next: null,
    settled: [],
    holds: {},
    configuration: {},
    scale: {},
    attempts: {},
    keys: [],
  };
}

/** Events that change what the target is told. */
const CHANGES_INTENT: ReadonlySet<DomainEvent["type"]> = new Set([
  "deployment.started@1",
  "deployment.turned@1",
  "rollout.started@1",
  "rollout.shaped@1",
  "smoke.requested@1",
  "smoke.finished@1",
  "deployment.finished@1",
  "group.removed@1",
  "service.scaled@1",
  "environment.stopped@1",
]);

/** The reducer: state after an event. Total, pure, and the only way that state changes. */
export function evolve(state: EnvironmentState, event: DomainEvent, place: Place): EnvironmentState {
  const next = apply(state, event, place);
  const intentVersion = CHANGES_INTENT.has(event.type) ? place.version : state.intentVersion;
  return { ...next, version: place.version, at: place.at, intentVersion, keys: remember(state, event, place) };
}

function remember(state: EnvironmentState, event: DomainEvent, place: Place): EnvironmentState["keys"] {
  if (place.key === null) return state.keys;
  const known = state.keys.find((entry) => entry.key === place.key);
  const deployment = event.type === "deployment.requested@1" ? event.data.deployment : (known?.deployment ?? null);
  const entry = { key: place.key, version: place.version, deployment };
  return [...state.keys.filter((other) => other.key !== place.key), entry].slice(-MAX_KEYS);
}

function apply(state: EnvironmentState, event: DomainEvent, place: Place): EnvironmentState {
  switch (event.type) {
    case "engine.started@1":
    case "clock.jumped@1":
      return state;
    case "configuration.changed@1": {
      const configuration: Record<string, number> = { ...state.configuration };
      for (const name of event.data.secrets) configuration[name] = (configuration[name] ?? 0) + 1;
      return { ...state, configuration };
    }
    case "revision.registered@1":
      return { ...state, revisions: { ...state.revisions, [event.data.revision.id]: event.data.revision } };
    case "deployment.requested@1": {
      const { deployment: id, ...request } = event.data;
      return { ...state, deployments: state.deployments + 1, next: { id, ...request, by: place.by, at: place.at } };
    }
    case "deployment.started@1": {
      const request = state.next;
      if (request === null) return state;
      const deployment: DeploymentState = {
        ...request,
        from: event.data.from,
        steps: event.data.steps,
        startedAt: place.at,
        finishedAt: null,
        cause: null,
        outcome: null,
        full: false,
        paused: null,
      };
      return { ...state, deployment, next: null };
    }
    case "deployment.superseded@1":
      return state.next?.id === event.data.deployment ? { ...state, next: null } : state;
    case "deployment.paused@1":
      return onDeployment(state, { paused: { by: place.by, reason: event.data.reason, at: place.at } });
    case "deployment.resumed@1":
      return onDeployment(state, { paused: null });
    case "deployment.advanced@1":
      return advance(state, event.data.full);
    case "deployment.turned@1":
      return turn(onDeployment(state, { cause: state.deployment?.cause ?? event.data.cause }), place);
    case "deployment.finished@1":
      return {
        ...finishServices(state, event.data.outcome, event.data.cause, place.at),
        attempts: attemptsAfter(state, event.data.outcome),
      };
    case "rollout.started@1":
      return startRollout(state, event.data.service, event.data.scaled, place);
    case "rollout.shaped@1": {
      const { service, groups, weights, routed } = event.data;
      const current = state.services[service];
      if (current?.rollout == null) return state;
      const carries = (weights[current.rollout.to] ?? 0) > 0 || routed === current.rollout.to;
      const rollout: RolloutState = {
        ...current.rollout,
        trafficSince: current.rollout.trafficSince ?? (carries ? place.at : null),
        shapedAt: place.at,
        shapedVersion: place.version,
      };
      return onService(state, service, {
        ...current,
        groups: resized(current, groups, state),
        weights,
        routed,
        rollout,
      });
    }
    case "stage.entered@1":
      return onProgression(state, event.data.service, (p) => ({
        ...p,
        stage: event.data.stage,
        enteredAt: place.at,
        observingSince: null,
        judged: null,
        advance:
          p.advance === "full" && event.data.stage < p.stages.length - 1
            ? "full"
            : p.advance === "full"
              ? "next"
              : null,
      }));
    case "stage.observing@1":
      return onProgression(state, event.data.service, (p) => ({ ...p, observingSince: place.at }));
    case "stage.judged@1":
      return onProgression(state, event.data.service, (p) => ({ ...p, judged: event.data.judgement }));
    case "smoke.requested@1":
      return onRollout(state, event.data.service, (r) => ({
        ...r,
        shapedAt: place.at,
        smoke: { task: event.data.task, passed: null, detail: "" },
      }));
    case "smoke.finished@1":
      return onRollout(state, event.data.service, (r) => ({
        ...r,
        smoke: { task: event.data.task, passed: event.data.passed, detail: event.data.detail },
      }));
    case "rollout.arrived@1":
      return onRollout(state, event.data.service, (r) => ({ ...r, phase: "arrived" }));
    case "rollout.returned@1":
      return onRollout(state, event.data.service, (r) => ({ ...r, phase: "returned", clean: event.data.clean }));
    case "group.removed@1": {
      const current = state.services[event.data.service];
      if (current === undefined) return state;
      const { [event.data.group]: _gone, ...groups } = current.groups;
      return onService(state, event.data.service, { ...current, groups });
    }
    case "hold.placed@1": {
      const hold = { reason: event.data.reason, by: place.by, at: place.at };
      return { ...state, holds: { ...state.holds, [event.data.revision]: hold } };
    }
    case "hold.lifted@1": {
      const { [event.data.revision]: _lifted, ...holds } = state.holds;
      return { ...state, holds };
    }
    case "service.scaled@1": {
      const { service, replicas } = event.data;
      const current = state.services[service];
      const scaled = { ...state, scale: { ...state.scale, [service]: replicas } };
      if (current?.stable == null) return scaled;
      return onService(scaled, service, {
        ...current,
        groups: resized(current, { [current.stable]: replicas }, state),
      });
    }
    case "environment.stopped@1":
      return { ...state, services: {}, next: null, settled: [], scale: {} };
  }
}

function startRollout(
  state: EnvironmentState,
  service: string,
  scaled: number | undefined,
  place: Place,
): EnvironmentState {
  const step = state.deployment?.steps.find((candidate) => candidate.service === service);
  if (step?.to == null) return state;
  const current = state.services[service] ?? { stable: null, groups: {}, weights: {}, routed: null, rollout: null };
  const rollout: RolloutState = {
    from: step.from,
    to: step.to,
    ...(scaled !== undefined && { scaled }),
    phase: "forward",
    clean: true,
    progression: { ...beginProgression(step.stages, place.at), advance: state.deployment?.full ? "full" : null },
    smoke: null,
    startedAt: place.at,
    trafficSince: null,
    shapedAt: place.at,
    shapedVersion: place.version,
  };
  const kept = current.groups[step.to];
  const group: GroupState = {
    revision: kept?.revision ?? state.deployment?.to ?? step.to,
    replicas: kept?.replicas ?? 0,
    removeAt: null,
  };
  const old = step.from === null || scaled === undefined ? undefined : current.groups[step.from];
  const groups = {
    ...current.groups,
    ...(old !== undefined &&
      step.from !== null &&
      scaled !== undefined && { [step.from]: { ...old, replicas: scaled } }),
    [step.to]: group,
  };
  return onService(state, service, { ...current, groups, rollout });
}

/** Every rollout of the deployment that has begun goes back; the deadline of the way back begins now. */
function turn(state: EnvironmentState, place: Place): EnvironmentState {
  const services = Object.fromEntries(
    Object.entries(state.services).map(([name, service]) => [
      name,
      service.rollout === null || service.rollout.phase === "returned"
        ? service
        : { ...service, rollout: { ...service.rollout, phase: "returning" as const, shapedAt: place.at } },
    ]),
  );
  return { ...state, services };
}

function advance(state: EnvironmentState, full: boolean): EnvironmentState {
  const deployed = full ? onDeployment(state, { full: true }) : state;
  const active = Object.entries(state.services).find(([, service]) => service.rollout?.phase === "forward");
  return active === undefined
    ? deployed
    : onProgression(deployed, active[0], (p) => ({ ...p, advance: full ? "full" : "next" }));
}

function resized(
  service: ServiceState,
  counts: Readonly<Record<GroupId, number>>,
  state: EnvironmentState,
): Readonly<Record<GroupId, GroupState>> {
  const groups: Record<GroupId, GroupState> = { ...service.groups };
  for (const [id, replicas] of Object.entries(counts)) {
    const known = groups[id];
    groups[id] =
      known === undefined ? { revision: state.deployment?.to ?? id, replicas, removeAt: null } : { ...known, replicas };
  }
  return groups;
}

function onDeployment(state: EnvironmentState, change: Partial<DeploymentState>): EnvironmentState {
  return state.deployment === null ? state : { ...state, deployment: { ...state.deployment, ...change } };
}

function onService(state: EnvironmentState, name: string, service: ServiceState): EnvironmentState {
  return { ...state, services: { ...state.services, [name]: service } };
}

function onRollout(state: EnvironmentState, name: string, change: (r: RolloutState) => RolloutState): EnvironmentState {
  const service = state.services[name];
  return service?.rollout == null ? state : onService(state, name, { ...service, rollout: change(service.rollout) });
}

function onProgression(
  state: EnvironmentState,
  name: string,
  change: (p: RolloutState["progression"]) => RolloutState["progression"],
): EnvironmentState {
  return onRollout(state, name, (rollout) => ({ ...rollout, progression: change(rollout.progression) }));
}

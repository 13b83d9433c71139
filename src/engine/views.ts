import { restingSentence } from "../core/deployment/decide.js";
import { environmentInForce } from "../core/deployment/desired.js";
import { digestOfGroup } from "../core/deployment/steps.js";
import type { Judgement } from "../core/model/judgement.js";
import type { Observation } from "../core/model/observation.js";
import type { DeploymentState, EnvironmentState, ServiceState } from "../core/model/state.js";
import { readyReplicas } from "../core/rollout/readiness.js";
import type { Driver } from "./driver.js";
import type { DeploymentView, EnvironmentView, GroupView, RevisionName, ServiceView, StageView } from "./view.js";
import { wayIn } from "./way-in.js";

/** What a driver knows, as people read it. */
export function viewOf(driver: Driver, now: number): EnvironmentView {
  const { state, observation } = driver;
  const name = (id: string): RevisionName => ({ id, label: state.revisions[id]?.release.label ?? id });
  const current = state.settled.at(-1);
  const before = state.settled.at(-2);
  const kubernetes = environmentInForce(state)?.kubernetes;
  return {
    environment: state.key,
    version: state.version,
    now,
    ...(kubernetes !== undefined && {
      cluster: { context: kubernetes.context, namespace: kubernetes.namespace },
    }),
    current: current === undefined ? null : name(current),
    deployment: state.deployment === null ? null : deploymentView(state.deployment, name),
    next: state.next === null ? null : { id: state.next.id, to: name(state.next.to) },
    waiting: driver.waiting ?? restingSentence(state),
    services: Object.entries(state.services).map(([service, value]) =>
      serviceView(state, service, value, observation, driver.judgements[service] ?? null, name),
    ),
    resources: observation?.resources ?? {},
    holds: Object.entries(state.holds).map(([revision, hold]) => ({ ...hold, revision: name(revision) })),
    before: before === undefined ? null : name(before),
    targetProblem: driver.targetProblem,
    seenAt: observation?.seenAt ?? null,
    ...(observation?.drift !== undefined && { drift: observation.drift }),
  };
}

function deploymentView(deployment: DeploymentState, name: (id: string) => RevisionName): DeploymentView {
  return {
    id: deployment.id,
    kind: deployment.kind,
    from: deployment.from === null ? null : name(deployment.from),
    to: name(deployment.to),
    by: deployment.by,
    reason: deployment.reason,
    startedAt: deployment.startedAt,
    finishedAt: deployment.finishedAt,
    outcome: deployment.outcome,
    goingBack: deployment.cause !== null && deployment.outcome === null,
    cause: deployment.cause,
    paused: deployment.paused,
  };
}

function serviceView(
  state: EnvironmentState,
  service: string,
  value: ServiceState,
  observation: Observation | null,
  judgement: Judgement | null,
  name: (id: string) => RevisionName,
): ServiceView {
  const seen = observation?.services[service];
  const groups = Object.entries(value.groups).map(([id, group]): GroupView => {
    const observed = seen?.groups[id];
    return {
      id,
      revision: name(group.revision),
      role: roleOf(value, id),
      asked: group.replicas,
      ready: readyReplicas(seen, id, digestOfGroup(state, service, id)),
      weight: value.weights[id] ?? 0,
      weightInForce: seen?.weights == null ? null : (seen.weights[id] ?? 0),
      inFlight: observed?.inFlight ?? 0,
      problem: observed?.problem ?? null,
      replicas: observed?.replicas ?? [],
      removeAt: group.removeAt,
    };
  });
  return { name: service, url: urlOf(state, service, seen?.port ?? null), groups, stage: stageOf(value), judgement };
}

function roleOf(service: ServiceState, group: string): GroupView["role"] {
  if (service.rollout?.to === group && service.stable !== group) return "new";
  return service.stable === group ? "stable" : "kept";
}

function urlOf(state: EnvironmentState, service: string, port: number | null): string | null {
  const environment = environmentInForce(state);
  const spec = environment?.services[service];
  if (environment?.kubernetes !== undefined) return spec === undefined ? null : wayIn(spec, environment);
  if (port === null) return null;
  for (const id of [state.deployment?.to, state.settled.at(-1)]) {
    const listen = id === undefined ? undefined : state.revisions[id]?.environment.services[service]?.listen;
    if (listen === undefined || listen === null) continue;
    const host = listen.host === "0.0.0.0" || listen.host === "::" ? "localhost" : listen.host;
    return `${listen.tls === null ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }
  return null;
}

function stageOf(service: ServiceState): StageView | null {
  const progression = service.rollout?.progression;
  const stage = progression?.stages[progression.stage];
  if (progression === undefined || stage === undefined) return null;
  return {
    number: progression.stage + 1,
    of: progression.stages.length,
    share: stage.share,
    observingSince: progression.observingSince,
    minMs: stage.minMs,
    maxMs: stage.maxMs,
  };
}

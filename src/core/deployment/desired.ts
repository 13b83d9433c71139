import type { CompiledEnvironment, CompiledService } from "../../spec/compiled.js";
import type { GroupIntent, Intent, ServiceIntent, TaskIntent, TrafficIntent } from "../model/intent.js";
import { workloadOf } from "../model/revision.js";
import type { EnvironmentState, ServiceState } from "../model/state.js";
import { replicasOf, wholeOf } from "./autoscaling.js";

/** What the target is told: a function of the state alone. */
export function desired(state: EnvironmentState): Intent {
  const services: Record<string, ServiceIntent> = {};
  const tasks: TaskIntent[] = [];
  for (const [name, service] of Object.entries(state.services)) {
    const spec = specInForce(state, name, service);
    if (spec === null) continue;
    const groups = groupIntents(state, name, service, adoptedGroup(state, name, service, spec)?.group ?? null);
    services[name] = { groups, traffic: trafficIntent(spec, service), ...inCluster(state, name, service, spec) };
    const smoke = service.rollout?.smoke;
    if (smoke?.passed === null && spec.strategy.kind === "blue-green" && service.rollout !== null)
      tasks.push({
        id: smoke.task,
        service: name,
        group: service.rollout.to,
        kind: "smoke",
        checks: spec.strategy.smoke,
      });
  }
  const kubernetes = environmentInForce(state)?.kubernetes;
  return { services, resources: resourcesInUse(state), tasks, ...(kubernetes !== undefined && { kubernetes }) };
}

/** What only a cluster needs to know of a service. */
function inCluster(
  state: EnvironmentState,
  name: string,
  service: ServiceState,
  spec: CompiledService,
): Omit<ServiceIntent, "groups" | "traffic"> {
  const callers = Object.entries(environmentInForce(state)?.services ?? {}).flatMap(([caller, { calls }]) =>
    calls?.some((call) => call.service === name) ? [caller] : [],
  );
  const adopted = adoptedGroup(state, name, service, spec);
  return {
    ...(spec.scaling !== undefined && { scaling: spec.scaling }),
    ...(callers.length > 0 && { callers }),
    ...(adopted !== null && { adopt: adopted }),
  };
}

/** The very first revision takes an existing Deployment over; the next one replaces it by a group of its own. */
function adoptedGroup(
  state: EnvironmentState,
  name: string,
  service: ServiceState,
  spec: CompiledService,
): { readonly group: string; readonly deployment: string } | null {
  const first = state.settled[0] ?? state.deployment?.to;
  if (first === undefined || service.groups[first] === undefined) return null;
  const deployment = state.revisions[first]?.environment.services[name]?.adopt ?? spec.adopt;
  return deployment === undefined ? null : { group: first, deployment };
}

/** The environment that is being deployed, else the one that settled, else the one that was stopped. */
export function environmentInForce(state: EnvironmentState): CompiledEnvironment | undefined {
  const { deployment, settled } = state;
  const forward = deployment !== null && deployment.outcome === null && deployment.cause === null;
  const goal = environmentOf(state, deployment?.to);
  return (forward ? goal : environmentOf(state, settled.at(-1))) ?? goal;
}

function groupIntents(
  state: EnvironmentState,
  name: string,
  service: ServiceState,
  adopted: string | null,
): Record<string, GroupIntent> {
  const groups: Record<string, GroupIntent> = {};
  for (const [id, group] of Object.entries(service.groups)) {
    const revision = state.revisions[group.revision];
    const digest = revision?.workloads[name];
    if (revision === undefined || digest === undefined) continue;
    groups[id] = {
      revision: revision.id,
      label: revision.release.label,
      // What runs already neither starts from nothing nor ends with the deployment that failed to take it over.
      replicas:
        id === adopted && service.stable === null ? wholeOf(state, name, id) : replicasOf(state, name, service, id),
      workload: workloadOf(revision.release, revision.environment, name),
      digest,
    };
  }
  return groups;
}

/** The service's spec that the edge goes by: the new one while its rollout goes forward, else what settled. */
function specInForce(state: EnvironmentState, name: string, service: ServiceState): CompiledService | null {
  const forward =
    service.rollout !== null && (service.rollout.phase === "forward" || service.rollout.phase === "arrived");
  const settled = state.settled.at(-1);
  const candidates = [forward ? state.deployment?.to : undefined, settled, state.deployment?.to];
  for (const id of candidates) {
    const spec = id === undefined ? undefined : state.revisions[id]?.environment.services[name];
    if (spec !== undefined) return spec;
  }
  return null;
}

function trafficIntent(spec: CompiledService, service: ServiceState): TrafficIntent | null {
  if (spec.listen === null) return null;
  const canary = spec.strategy.kind === "canary" ? spec.strategy : null;
  const { routed, rollout } = service;
  const share = rollout === null ? 0 : (service.weights[rollout.to] ?? 0);
  const mirrored =
    rollout !== null && canary?.mirror !== undefined && rollout.from !== null && share > 0 && share < 100;
  return {
    listen: spec.listen,
    weights: service.weights,
    routes: canary === null || routed === null ? [] : canary.routes.map((match) => ({ match, group: routed })),
    sticky: canary?.sticky ?? null,
    policy: spec.edge,
    slowMs: slowThreshold(spec),
    ...(mirrored && { mirror: { group: rollout.to, percent: canary.mirror } }),
    ...(spec.ingress !== undefined && { ingress: spec.ingress }),
  };
}

/** What the target counts as slow: the guard's threshold, else the one that the analysis states, else nothing. */
export function slowThreshold(spec: CompiledService): number | null {
  const guarded = spec.guards.find((guard) => guard.signal === "slow")?.slowMs;
  if (guarded != null) return guarded;
  for (const { source } of spec.analysis?.signals ?? []) if (source.kind === "slow") return source.slowerThanMs;
  return null;
}

function resourcesInUse(state: EnvironmentState): Intent["resources"] {
  if (Object.keys(state.services).length === 0 && (state.deployment === null || state.deployment.outcome !== null))
    return {};
  const settled = environmentOf(state, state.settled.at(-1));
  const active = state.deployment?.outcome === null ? environmentOf(state, state.deployment.to) : undefined;
  return { ...settled?.resources, ...active?.resources };
}

function environmentOf(state: EnvironmentState, id: string | undefined): CompiledEnvironment | undefined {
  return id === undefined ? undefined : state.revisions[id]?.environment;
}

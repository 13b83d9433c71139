import type { CompiledEnvironment, CompiledService } from "../../spec/compiled.js";
import type { GroupIntent, Intent, ServiceIntent, TaskIntent, TrafficIntent } from "../model/intent.js";
import { workloadOf } from "../model/revision.js";
import type { EnvironmentState, ServiceState } from "../model/state.js";

/** What the target is told: a function of the state alone. */
export function desired(state: EnvironmentState): Intent {
  const services: Record<string, ServiceIntent> = {};
  const tasks: TaskIntent[] = [];
  for (const [name, service] of Object.entries(state.services)) {
    const spec = specInForce(state, name, service);
    const groups = groupIntents(state, name, service);
    if (spec === null) continue;
    services[name] = { groups, traffic: trafficIntent(spec, service) };
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
  return { services, resources: resourcesInUse(state), tasks };
}

function groupIntents(state: EnvironmentState, name: string, service: ServiceState): Record<string, GroupIntent> {
  const groups: Record<string, GroupIntent> = {};
  for (const [id, group] of Object.entries(service.groups)) {
    const revision = state.revisions[group.revision];
    const digest = revision?.workloads[name];
    if (revision === undefined || digest === undefined) continue;
    groups[id] = {
      revision: revision.id,
      label: revision.release.label,
      replicas: group.replicas,
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
  const routed = service.routed;
  return {
    listen: spec.listen,
    weights: service.weights,
    routes: canary === null || routed === null ? [] : canary.routes.map((match) => ({ match, group: routed })),
    sticky: canary?.sticky ?? null,
    policy: spec.edge,
    slowMs: slowThreshold(spec),
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

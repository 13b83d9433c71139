import type {
  EnvironmentKey,
  GroupId,
  GroupIntent,
  Intent,
  ServiceIntent,
  ServiceName,
  TrafficIntent,
} from "../../core/model/intent.js";
import { clusterPortOf, DEFAULT_POD_PORT } from "../../core/model/pod-shape.js";
import { WindlassError } from "../../error.js";
import type { CompiledKubernetes } from "../../spec/compiled-cluster.js";
import type { BuildInput } from "./build.js";
import { groupSelector, type Labels, serviceSelector } from "./labels.js";
import { deploymentName } from "./names.js";

/** One group as the objects around it see it. */
export interface GroupScope {
  readonly id: GroupId;
  readonly intent: GroupIntent;
  /** Of its Service, ConfigMap and Secret, and of its Deployment unless that was adopted. */
  readonly name: string;
  readonly deployment: string;
  readonly adopted: boolean;
  /** What its pods are selected by; null: an adopted Deployment that nobody has looked at. */
  readonly selector: Labels | null;
  /** 0..100. */
  readonly weight: number;
  readonly containerPort: number;
}

/** One service as its objects see it. */
export interface ServiceScope {
  readonly environment: EnvironmentKey;
  readonly namespace: string;
  readonly settings: CompiledKubernetes;
  readonly service: ServiceName;
  readonly intent: ServiceIntent;
  /** In the order of their ids. */
  readonly groups: readonly GroupScope[];
}

export function settingsOf(intent: Intent): CompiledKubernetes {
  if (intent.kubernetes !== undefined) return intent.kubernetes;
  throw new WindlassError("kubernetes-not-target", "this environment does not run on Kubernetes", {
    hint: 'Set `target: "kubernetes"` for it in the spec.',
  });
}

export function serviceScope(input: BuildInput, service: ServiceName, intent: ServiceIntent): ServiceScope {
  const settings = settingsOf(input.intent);
  const groups = Object.keys(intent.groups)
    .sort()
    .flatMap((id) => {
      const group = intent.groups[id];
      return group === undefined ? [] : [groupScope(input, service, intent, id, group)];
    });
  return { environment: input.environment, namespace: settings.namespace, settings, service, intent, groups };
}

function groupScope(
  input: BuildInput,
  service: ServiceName,
  intent: ServiceIntent,
  id: GroupId,
  group: GroupIntent,
): GroupScope {
  const name = deploymentName(service, id, group.digest);
  const adopted = intent.adopt?.group === id ? intent.adopt.deployment : null;
  return {
    id,
    intent: group,
    name,
    deployment: adopted ?? name,
    adopted: adopted !== null,
    selector: adopted === null ? groupSelector(service, name) : (input.adopted?.[service] ?? null),
    weight: intent.traffic?.weights[id] ?? 0,
    containerPort: group.workload.pod?.port ?? DEFAULT_POD_PORT,
  };
}

/** The groups that get requests, in the order of their ids. */
export function weighted(scope: ServiceScope): readonly GroupScope[] {
  return scope.groups.filter(({ weight }) => weight > 0);
}

export function servicePort(traffic: TrafficIntent): number {
  return clusterPortOf(traffic.listen.port);
}

/**
 * Where the Service `<service>` leads: to the group that has all requests; while several have some, to all groups of
 * the service. An adopted Deployment has no label in common with the others, so beside it the larger share has all.
 * Before the first weight there is one group, and its readiness decides. Null: nobody has looked at the adopted one.
 */
export function leadsTo(scope: ServiceScope): { readonly selector: Labels; readonly only: GroupScope | null } | null {
  const only = leadsAlone(scope.groups);
  if (only === null) return { selector: serviceSelector(scope.service), only };
  return only.selector === null ? null : { selector: only.selector, only };
}

/** The group that the Service `<service>` leads to alone; null: to all of them. `groups` in the order of their ids. */
export function leadsAlone<T extends { readonly weight: number; readonly adopted: boolean }>(
  groups: readonly T[],
): T | null {
  const withWeight = groups.filter(({ weight }) => weight > 0);
  const candidates = withWeight.length > 0 ? withWeight : groups;
  const heaviest = [...candidates].sort((a, b) => b.weight - a.weight)[0] ?? null;
  return candidates.length === 1 || candidates.some(({ adopted }) => adopted) ? heaviest : null;
}

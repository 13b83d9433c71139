import type { GroupId, Intent, ServiceIntent, ServiceName } from "../../../core/model/intent.js";
import type { GroupObservation, ServiceObservation } from "../../../core/model/observation.js";
import { deploymentName } from "../../../render/kubernetes/names.js";
import { leadsAlone } from "../../../render/kubernetes/scope.js";
import type { ClusterTraffic } from "../../../spec/compiled-cluster.js";
import type { DeploymentSeen } from "../seen/deployment.js";
import type { PodSeen } from "../seen/pod.js";
import type { RouteSeen, SliceSeen } from "../seen/route.js";
import type { Failure } from "./failing.js";
import { troubleOf } from "./problem.js";
import { type Explanation, replicaOf } from "./replica.js";
import { weightsInForce } from "./weights.js";

export interface ObserveInput {
  readonly intent: Intent;
  readonly pods: Iterable<PodSeen>;
  readonly deployments: Iterable<DeploymentSeen>;
  readonly routes: Iterable<RouteSeen>;
  readonly slices: Iterable<SliceSeen>;
  readonly explained: (pod: PodSeen) => Explanation | undefined;
  readonly wasReady: (pod: PodSeen) => boolean;
  /** Why Deployments can have no pods, by name. */
  readonly failing: ReadonlyMap<string, Failure>;
  /** Pods of the environment are about to go, or have just gone. */
  readonly leftLately: boolean;
  /** What the server refused of a group, or of the service as a whole (group null). */
  readonly refused: (service: ServiceName, group: GroupId | null) => string | null;
}

/** What runs, from what the cluster says; groups that are not wanted any more are there until their last pod is gone. */
export function observeServices(input: ObserveInput): Readonly<Record<ServiceName, ServiceObservation>> {
  const { intent } = input;
  const members = membersOf(input);
  const names = new Set([...Object.keys(intent.services), ...members.keys()]);
  const slices = new Map<string, Set<string>>();
  for (const { backend, ready } of input.slices)
    slices.set(backend, new Set([...(slices.get(backend) ?? []), ...ready]));
  const routes = [...input.routes];
  const services: Record<ServiceName, ServiceObservation> = {};
  for (const name of names) {
    const wanted = intent.services[name];
    const groups = groupsOf(name, wanted, members.get(name) ?? new Map(), input);
    const traffic = trafficOf(name, wanted, members.get(name) ?? new Map(), routes, slices, intent.kubernetes?.traffic);
    if (wanted === undefined && Object.keys(groups).length === 0) continue;
    services[name] = { groups, ...traffic };
  }
  return services;
}

interface Member {
  readonly deployment: DeploymentSeen | null;
  readonly pods: PodSeen[];
}
type Members = Map<GroupId, Member>;

function membersOf({ intent, pods, deployments }: ObserveInput): Map<ServiceName, Members> {
  const found = new Map<ServiceName, Members>();
  const adopted: [DeploymentSeen, Member][] = [];
  const at = (service: ServiceName, group: GroupId, deployment: DeploymentSeen | null): Member => {
    const groups = found.get(service) ?? new Map<GroupId, Member>();
    found.set(service, groups);
    const member = groups.get(group);
    const next = { deployment: deployment ?? member?.deployment ?? null, pods: member?.pods ?? [] };
    groups.set(group, next);
    return next;
  };
  for (const deployment of deployments) {
    if (deployment.service === null || deployment.group === null) continue;
    const member = at(deployment.service, deployment.group, deployment);
    if (intent.services[deployment.service]?.adopt?.deployment === deployment.name) adopted.push([deployment, member]);
  }
  for (const pod of pods) {
    if (pod.service !== null && pod.group !== null) at(pod.service, pod.group, null).pods.push(pod);
    else for (const [{ selector }, member] of adopted) if (selects(selector, pod.labels)) member.pods.push(pod);
  }
  return found;
}

function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

function groupsOf(
  name: ServiceName,
  wanted: ServiceIntent | undefined,
  members: Members,
  input: ObserveInput,
): Record<GroupId, GroupObservation> {
  const groups: Record<GroupId, GroupObservation> = {};
  for (const id of new Set([...Object.keys(wanted?.groups ?? {}), ...members.keys()])) {
    const member = members.get(id);
    const asked = wanted?.groups[id];
    const pods = (member?.pods ?? []).filter((pod) => pod.phase !== "Succeeded");
    const alive = pods.filter((pod) => pod.phase !== "Failed");
    // A pod that was evicted has been replaced; it is shown while its successor is not ready, because it says why.
    const shown = alive.every((pod) => pod.ready) ? alive : pods;
    const refusal = asked === undefined ? null : (input.refused(name, id) ?? input.refused(name, null));
    if (asked === undefined && shown.length === 0) continue;
    groups[id] = {
      digest: member?.deployment?.digest ?? asked?.digest ?? "",
      replicas: shown
        .sort((a, b) => (a.createdAt + a.name < b.createdAt + b.name ? -1 : 1))
        .map((pod) => replicaOf(pod, input.explained(pod), input.wasReady(pod))),
      inFlight: 0,
      ...troubleOf(alive, {
        failure: input.failing.get(member?.deployment?.name ?? ""),
        refusal,
        leftLately: input.leftLately,
      }),
    };
  }
  return groups;
}

function aloneBesideAdopted({ adopt, groups, traffic }: ServiceIntent): { alone?: GroupId } {
  if (adopt === undefined || Object.values(traffic?.weights ?? {}).filter((weight) => weight > 0).length < 2) return {};
  const weighted = Object.keys(groups)
    .sort()
    .map((id) => ({ id, weight: traffic?.weights[id] ?? 0, adopted: adopt.group === id }));
  const alone = leadsAlone(weighted);
  return alone === null ? {} : { alone: alone.id };
}

function trafficOf(
  name: ServiceName,
  wanted: ServiceIntent | undefined,
  members: Members,
  routes: readonly RouteSeen[],
  slices: ReadonlyMap<string, ReadonlySet<string>>,
  traffic: ClusterTraffic | undefined,
): Pick<ServiceObservation, "weights" | "routed" | "port"> {
  if (wanted?.traffic == null || traffic === undefined) return { weights: null, routed: null, port: null };
  // A group's Service is not called as its Deployment where that was adopted.
  const backendOf = (group: GroupId): string | undefined => {
    const asked = wanted.groups[group];
    return asked === undefined ? members.get(group)?.deployment?.name : deploymentName(name, group, asked.digest);
  };
  const groups = new Set([...Object.keys(wanted.groups), ...members.keys()]);
  const backends = new Map([...groups].map((group) => [backendOf(group), group]));
  const podsOf = (group: GroupId): readonly PodSeen[] => members.get(group)?.pods ?? [];
  const among = (group: GroupId, backend: string | undefined): number =>
    podsOf(group).filter((pod) => backend !== undefined && slices.get(backend)?.has(pod.name) === true).length;
  const inForce = weightsInForce({
    traffic: wanted.traffic,
    kind: traffic.kind,
    route: routes.find((route) => route.service === name && !route.redirects),
    groupOf: (backend) => backends.get(backend) ?? null,
    ready: (group) => podsOf(group).filter((pod) => pod.ready && !pod.deleting).length,
    endpoints: (group) => among(group, backendOf(group)),
    shared: (group) => among(group, name),
    ...aloneBesideAdopted(wanted),
  });
  return { ...inForce, port: null };
}

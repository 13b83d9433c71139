import type { GroupId, TrafficIntent } from "../../../core/model/intent.js";
import type { ClusterTraffic } from "../../../spec/compiled-cluster.js";
import type { RouteSeen } from "../seen/route.js";

export interface WeightsInput {
  readonly traffic: TrafficIntent;
  readonly kind: ClusterTraffic["kind"];
  /** The service's route; undefined: there is none. */
  readonly route: RouteSeen | undefined;
  /** Groups by the name of their own Service. */
  readonly groupOf: (backend: string) => GroupId | null;
  /** Pods of each group that are ready, and those that the group's own Service, and the service's, send requests to. */
  readonly ready: (group: GroupId) => number;
  readonly endpoints: (group: GroupId) => number;
  readonly shared: (group: GroupId) => number;
  /** The group that has every request because it shares no label with an adopted Deployment; absent: all share. */
  readonly alone?: GroupId;
}

export interface InForce {
  /** Null: not known, so not in force. */
  readonly weights: Readonly<Record<GroupId, number>> | null;
  readonly routed: readonly GroupId[] | null;
}

/** Weights as those who send the requests have them, not as they were asked for. */
export function weightsInForce(input: WeightsInput): InForce {
  return input.kind === "gateway" ? byRoute(input) : byReplicas(input);
}

/** By a gateway: what its route says, once the gateway has accepted this very generation. */
function byRoute({ traffic, route, groupOf, ready, endpoints }: WeightsInput): InForce {
  if (route === undefined) return { weights: {}, routed: [] };
  if (!route.accepted || route.deleting) return { weights: null, routed: null };
  const weights: Record<GroupId, number> = {};
  const routed = new Set<GroupId>();
  for (const { matched, backends } of route.rules)
    for (const [backend, weight] of Object.entries(backends)) {
      const group = groupOf(backend);
      if (group === null || weight === 0) continue;
      if (!matched) weights[group] = weight;
      else if (traffic.sticky === null || traffic.routes.some((one) => one.group === group)) routed.add(group);
    }
  // Ready pods that the group's Service does not know yet would be missed by the gateway, too.
  const late = Object.keys(weights).some((group) => ready(group) > 0 && endpoints(group) === 0);
  return late
    ? { weights: null, routed: null }
    : { weights: percent(weights), routed: traffic.routes.length === 0 ? [] : [...routed] };
}

/** By replicas: the share of a group is its share of the ready endpoints. What was asked for counts as reached when the same groups have some. */
function byReplicas({ traffic, shared, groupOf: _none, ...rest }: WeightsInput): InForce {
  const groups = new Set([...Object.keys(traffic.weights), ...traffic.routes.map((one) => one.group)]);
  const counts: Record<GroupId, number> = {};
  for (const group of groups) if (shared(group) > 0) counts[group] = shared(group);
  const asked = Object.entries(traffic.weights).filter(([, weight]) => weight > 0);
  const reached = asked.every(([group]) => (counts[group] ?? 0) > 0 || rest.ready(group) === 0);
  // No share is reachable beside an adopted Deployment: the larger one has everything, and that is all there is to wait for.
  if (rest.alone !== undefined && shared(rest.alone) > 0) return { weights: Object.fromEntries(asked), routed: [] };
  const others = Object.keys(counts).filter((group) => (traffic.weights[group] ?? 0) === 0);
  if (reached && others.length === 0 && asked.length > 0 && Object.keys(counts).length > 0)
    return { weights: Object.fromEntries(asked), routed: [] };
  return { weights: percent(counts), routed: [] };
}

function percent(weights: Readonly<Record<GroupId, number>>): Readonly<Record<GroupId, number>> {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  if (total === 0 || total === 100) return weights;
  return Object.fromEntries(
    Object.entries(weights).map(([group, weight]) => [group, Math.round((100 * weight) / total)]),
  );
}

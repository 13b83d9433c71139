import type { Intent, ServiceIntent } from "../../../core/model/intent.js";
import type { ReplicaPhase } from "../../../core/model/observation.js";
import type { Probe } from "../../../spec/compiled.js";
import type { EdgeGroup, EdgeService, ListenerAddress } from "../edge/protocol.js";

/** What the table needs to know of a replica; pure data, so that the table is derived without a process. */
export interface ReplicaView {
  readonly environment: string;
  readonly service: string;
  readonly group: string;
  readonly id: string;
  readonly phase: ReplicaPhase | "gone";
  readonly port: number | null;
}

export interface TableInput {
  readonly intents: readonly { readonly environment: string; readonly intent: Intent }[];
  readonly replicas: readonly ReplicaView[];
  /** Where clients reach a service, by its key; a service without one cannot be listened for (its port is taken). */
  readonly listeners: ReadonlyMap<string, ListenerAddress>;
  /** Services on their way out, as they were in the table, by key. */
  readonly before: ReadonlyMap<string, EdgeService>;
}

export const serviceKey = (environment: string, service: string): string => `${environment}/${service}`;

const SERVED: ReadonlySet<string> = new Set(["ready", "draining"]);

/**
 * The edge's services from the intents and from what runs. A group that is wanted no more stays while a replica of it
 * drains; so does a service, which then answers 503 at once instead of holding requests.
 */
export function edgeServices(input: TableInput): EdgeService[] {
  const services: EdgeService[] = [];
  const keys = new Set<string>();
  for (const { environment, intent } of input.intents)
    for (const [name, service] of Object.entries(intent.services)) {
      const key = serviceKey(environment, name);
      const listener = input.listeners.get(key);
      if (service.traffic === null || listener === undefined) continue;
      keys.add(key);
      const members = input.replicas.filter((one) => one.environment === environment && one.service === name);
      services.push({ ...routing(service, service.traffic), key, listener, groups: groupsOf(service, members) });
    }
  for (const [key, service] of input.before) {
    if (keys.has(key)) continue;
    const members = input.replicas.filter((one) => serviceKey(one.environment, one.service) === key);
    const draining = members.filter((one) => one.phase === "draining");
    if (draining.length === 0) continue;
    const groups: Record<string, EdgeGroup> = {};
    for (const [group, known] of Object.entries(service.groups))
      groups[group] = {
        label: known.label,
        replicas: draining.filter((one) => one.group === group).flatMap((one) => replicaOf(one, null)),
      };
    services.push({ ...service, weights: {}, routes: [], policy: { ...service.policy, holdMs: 0 }, groups });
  }
  return services.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function routing(service: ServiceIntent, traffic: NonNullable<ServiceIntent["traffic"]>) {
  const { weights, routes, sticky, policy, slowMs, listen } = traffic;
  const known = new Set(Object.keys(service.groups));
  return { tls: listen.tls, weights, routes: routes.filter((route) => known.has(route.group)), sticky, policy, slowMs };
}

function groupsOf(service: ServiceIntent, members: readonly ReplicaView[]): Record<string, EdgeGroup> {
  const groups: Record<string, EdgeGroup> = {};
  const names = new Set([
    ...Object.keys(service.groups),
    ...members.filter((one) => one.phase === "draining").map((one) => one.group),
  ]);
  for (const name of names) {
    const intent = service.groups[name];
    const probe = intent?.workload.probes.readiness ?? null;
    const replicas = members.filter((one) => one.group === name).flatMap((one) => replicaOf(one, probe));
    groups[name] = { label: intent?.label ?? name, replicas: replicas.sort((a, b) => (a.id < b.id ? -1 : 1)) };
  }
  return groups;
}

function replicaOf(replica: ReplicaView, probe: Probe | null): EdgeGroup["replicas"][number][] {
  const { id, port, phase } = replica;
  // A replica that was served stays in the table while it is unready, so that what it answers is still counted.
  if (port === null || (!SERVED.has(phase) && phase !== "unready")) return [];
  const probePath = probe?.action.kind === "http" ? probe.action.path : null;
  return [{ id, host: "127.0.0.1", port, ready: phase === "ready", draining: phase === "draining", probePath }];
}

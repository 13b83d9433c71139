import { bucketOf } from "../../core/analysis/latency.js";
import type { GroupIntent, Intent, TaskIntent } from "../../core/model/intent.js";
import type {
  GroupObservation,
  Observation,
  ServiceObservation,
  TaskObservation,
} from "../../core/model/observation.js";
import type { BehaviourOf } from "./behaviour.js";
import { Demand } from "./demand.js";
import { ModelEdge } from "./edge.js";
import { ModelGroup } from "./group.js";
import { type ServiceBlock, steadyTraffic, type Traffic } from "./traffic.js";

export interface ModelTimes {
  /** From an accepted intent to the edge's new weights. */
  readonly edgeMs: number;
  readonly taskMs: number;
  /** Requests per second of each service with a port; `traffic` takes its place. */
  readonly requestsPerSecond: number;
}

interface ModelService {
  readonly groups: Map<string, ModelGroup>;
  edge: ModelEdge | null;
  port: number | null;
  requests: number;
}

/** One environment under the model target: what was applied, what runs, what the edge does. */
export class ModelEnvironment {
  applied: { readonly term: number; readonly revision: number } | null = null;
  intent: Intent = { services: {}, resources: {}, tasks: [] };
  readonly services = new Map<string, ModelService>();
  readonly #tasks = new Map<string, { readonly endsAt: number; readonly fault: string | null }>();
  #seen: Omit<Observation, "seenAt"> | null = null;
  /** When something changes by itself, or has just been changed. */
  #nextAt = Number.POSITIVE_INFINITY;
  readonly #demands = new Map<string, Demand>();
  readonly #traffic: Traffic;

  constructor(
    private readonly behaviourOf: BehaviourOf,
    private readonly times: ModelTimes,
    traffic: Traffic | null = null,
  ) {
    this.#traffic = traffic ?? steadyTraffic(times.requestsPerSecond);
  }

  /** Level-triggered: only the last intent counts, and the same one twice changes nothing. */
  apply(term: number, revision: number, intent: Intent, now: number): void {
    this.advance(now);
    this.applied = { term, revision };
    this.intent = intent;
    for (const [name, wanted] of Object.entries(intent.services)) {
      const service: ModelService = this.services.get(name) ?? {
        groups: new Map(),
        edge: null,
        port: null,
        requests: 0,
      };
      this.services.set(name, service);
      for (const [id, group] of Object.entries(wanted.groups)) {
        const replicas = typeof group.replicas === "number" ? group.replicas : group.replicas.min;
        this.#group(service, name, id, group, now).resize(replicas, now);
      }
      if (wanted.traffic !== null) {
        service.edge ??= new ModelEdge();
        service.edge.set(wanted.traffic, now + this.times.edgeMs);
        service.port = wanted.traffic.listen.port || 18_080;
      }
    }
    for (const [name, service] of this.services)
      for (const [id, group] of service.groups)
        if (intent.services[name]?.groups[id] === undefined) group.resize(0, now);
    for (const task of intent.tasks) {
      if (!this.#tasks.has(task.id)) this.#tasks.set(task.id, this.#begin(task, now));
    }
    this.#changed(now);
  }

  /** Goes through every change up to `now`, each at its own time; costs nothing while there is none. */
  advance(now: number): void {
    while (this.#nextAt <= now) this.#step(this.#nextAt);
  }

  #step(now: number): void {
    let next = Number.POSITIVE_INFINITY;
    for (const [name, service] of this.services) {
      for (const [id, group] of service.groups) {
        group.advance(now);
        if (group.over && this.intent.services[name]?.groups[id] === undefined) service.groups.delete(id);
        else next = Math.min(next, group.nextAt);
      }
      next = Math.min(next, service.edge?.nextAt(now) ?? next);
      this.#demand(name).follow(service.groups, service.edge, now);
      if (service.groups.size === 0 && this.intent.services[name] === undefined) this.services.delete(name);
    }
    for (const [name, demand] of this.#demands)
      if (!this.services.has(name) && demand.over(now)) this.#demands.delete(name);
    for (const task of this.#tasks.values()) if (task.endsAt > now) next = Math.min(next, task.endsAt);
    this.#nextAt = next;
    this.#seen = null;
  }

  /** What is, at `now`. Parts that did not change are the same objects as before. */
  observe(now: number): Observation {
    this.advance(now);
    this.#seen ??= { applied: this.applied, services: this.#observeServices(now), ...this.#observeRest(now) };
    return { seenAt: now, ...this.#seen };
  }

  /** Blocks of the whole seconds in `[from, to)`, which must be over. */
  blocks(from: number, to: number): readonly ServiceBlock[] {
    this.advance(to);
    const found: ServiceBlock[] = [];
    for (const demand of this.#demands.values()) demand.blocks(this.#traffic, from, to, found);
    return found;
  }

  /** Sends requests one by one; each block of a hundred follows the weights in force exactly. */
  request(name: string, count: number, now: number): Readonly<Record<string, number>> {
    this.advance(now);
    const service = this.services.get(name);
    const answers: Record<string, number> = {};
    for (let sent = 0; service !== undefined && sent < count; sent++) {
      let place = service.requests++ % 100;
      const weights = Object.entries(service.edge?.inForce(now).weights ?? {});
      const id = weights.find(([, weight]) => {
        place -= weight;
        return place < 0;
      })?.[0];
      const group = service.groups.get(id ?? "");
      const ready = group?.ready() ?? [];
      const replica = ready[service.requests % Math.max(1, ready.length)];
      if (group === undefined || replica === undefined) continue;
      answers[group.intent.label] = (answers[group.intent.label] ?? 0) + 1;
      const latencies = { [bucketOf(group.behaviour.medianMs)]: 1 };
      this.#demand(name).add({ at: now, group: group.id, replica: replica.id, total: 1, restarts: 0, latencies });
    }
    return answers;
  }

  /** Every answer is 200 when the group passes its smoke checks. */
  #begin(task: TaskIntent, now: number): { readonly endsAt: number; readonly fault: string | null } {
    const passes = this.services.get(task.service)?.groups.get(task.group)?.behaviour.smokePasses ?? false;
    const status = passes ? 200 : 500;
    const failed = task.checks.find((check) => (check.kind === "http" ? check.status !== status : !passes));
    const fault =
      failed === undefined
        ? null
        : failed.kind === "http"
          ? `GET ${failed.path} answered ${status}, not ${failed.status}`
          : `${failed.argv.join(" ")} ended with 1`;
    return { endsAt: now + this.times.taskMs, fault };
  }

  crash(service: string, index: number, now: number): void {
    this.advance(now);
    const replicas = [...(this.services.get(service)?.groups.values() ?? [])].flatMap((group) => group.replicas);
    replicas[index % Math.max(1, replicas.length)]?.crash(now);
    this.#changed(now);
  }

  #group(service: ModelService, name: string, id: string, intent: GroupIntent, now: number): ModelGroup {
    const known = service.groups.get(id);
    if (known?.intent.digest === intent.digest) return known;
    known?.resize(0, now);
    const demand = this.#demand(name);
    const restarted = (at: number, group: string, replica: string): void =>
      demand.add({ at, group, replica, total: 0, restarts: 1, latencies: {} });
    const group = new ModelGroup(id, name, intent, this.behaviourOf(intent, name), restarted);
    service.groups.set(id, group);
    return group;
  }

  #demand(name: string): Demand {
    const known = this.#demands.get(name);
    if (known !== undefined) return known;
    const demand = new Demand(name);
    this.#demands.set(name, demand);
    return demand;
  }

  #changed(now: number): void {
    this.#seen = null;
    this.#nextAt = now;
  }

  #observeServices(now: number): Record<string, ServiceObservation> {
    const services: Record<string, ServiceObservation> = {};
    for (const [name, { groups, edge, port }] of this.services) {
      const inForce = edge?.inForce(now) ?? null;
      const seen: Record<string, GroupObservation> = {};
      for (const [id, group] of groups) seen[id] = group.observe((inForce?.weights[id] ?? 0) > 0 ? 1 : 0);
      services[name] = { groups: seen, weights: inForce?.weights ?? null, routed: inForce?.routed ?? null, port };
    }
    return services;
  }

  #observeRest(now: number): Pick<Observation, "tasks" | "resources"> {
    const tasks: Record<string, TaskObservation> = {};
    for (const [id, task] of this.#tasks)
      tasks[id] =
        task.endsAt > now
          ? { phase: "running", detail: "" }
          : { phase: task.fault === null ? "passed" : "failed", detail: task.fault ?? "all checks passed" };
    const resources = Object.fromEntries(
      Object.keys(this.intent.resources).map((name) => [name, { phase: "ready" as const, detail: "model" }]),
    );
    return { tasks, resources };
  }
}

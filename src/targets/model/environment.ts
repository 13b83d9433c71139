import type { GroupIntent, Intent, TaskIntent } from "../../core/model/intent.js";
import type { Block } from "../../core/model/judgement.js";
import type {
  GroupObservation,
  Observation,
  ServiceObservation,
  TaskObservation,
} from "../../core/model/observation.js";
import type { BehaviourOf } from "./behaviour.js";
import { ModelEdge } from "./edge.js";
import { ModelGroup } from "./group.js";
import { trafficOf } from "./traffic.js";

export interface ModelTimes {
  /** From an accepted intent to the edge's new weights. */
  readonly edgeMs: number;
  readonly taskMs: number;
  /** Requests per second of each service with a port. */
  readonly requestsPerSecond: number;
}

interface ModelService {
  readonly groups: Map<string, ModelGroup>;
  edge: ModelEdge | null;
  port: number | null;
  /** Single requests, beside the steady traffic; bounded. */
  readonly sent: Block[];
  requests: number;
}

const MAX_SENT = 1_000;

/** One environment under the model target: what was applied, what runs, what the edge does. */
export class ModelEnvironment {
  applied: { readonly term: number; readonly revision: number } | null = null;
  intent: Intent = { services: {}, resources: {}, tasks: [] };
  readonly services = new Map<string, ModelService>();
  readonly #tasks = new Map<string, { readonly endsAt: number; readonly fault: string | null }>();
  #seen: Omit<Observation, "seenAt"> | null = null;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly behaviourOf: BehaviourOf,
    private readonly times: ModelTimes,
  ) {}

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
        sent: [],
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
    this.#changed();
  }

  advance(now: number): void {
    if (now < this.#nextAt) return;
    let next = Number.POSITIVE_INFINITY;
    for (const [name, service] of this.services) {
      for (const [id, group] of service.groups) {
        group.advance(now);
        if (group.over && this.intent.services[name]?.groups[id] === undefined) service.groups.delete(id);
        else next = Math.min(next, group.nextAt);
      }
      next = Math.min(next, service.edge?.nextAt(now) ?? next);
      if (service.groups.size === 0 && this.intent.services[name] === undefined) this.services.delete(name);
    }
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

  /** Blocks of the whole seconds in `[from, to)`. */
  blocks(from: number, to: number): readonly (Block & { readonly service: string })[] {
    this.advance(to);
    const found: (Block & { readonly service: string })[] = [];
    for (const [name, service] of this.services) {
      trafficOf(name, service.groups, service.edge, this.times.requestsPerSecond, from, to, found);
      for (const block of service.sent) if (block.at >= from && block.at < to) found.push({ service: name, ...block });
    }
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
      const at = Math.floor(now / 1000) * 1000;
      this.#count(service.sent, {
        at,
        group: group.id,
        replica: replica.id,
        total: 1,
        errors: 0,
        slow: 0,
        restarts: 0,
      });
    }
    return answers;
  }

  #count(sent: Block[], one: Block): void {
    const place = sent.findLastIndex((block) => block.at === one.at && block.replica === one.replica);
    const known = sent[place];
    if (known !== undefined) sent[place] = { ...known, total: known.total + 1 };
    else sent.push(one);
    if (sent.length > MAX_SENT) sent.shift();
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
    this.#changed();
  }

  #group(service: ModelService, name: string, id: string, intent: GroupIntent, now: number): ModelGroup {
    const known = service.groups.get(id);
    if (known?.intent.digest === intent.digest) return known;
    known?.resize(0, now);
    const group = new ModelGroup(id, name, intent, this.behaviourOf(intent, name));
    service.groups.set(id, group);
    return group;
  }

  #changed(): void {
    this.#seen = null;
    this.#nextAt = Number.NEGATIVE_INFINITY;
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

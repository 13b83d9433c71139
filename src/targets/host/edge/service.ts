import type { EdgePolicy } from "../../../spec/compiled.js";
import type { Counts } from "./counts.js";
import { Holding } from "./holding.js";
import { fallbacks, pickReplica } from "./pick.js";
import type { EdgeService, EdgeServiceStatus } from "./protocol.js";
import { Replica } from "./replica.js";
import { type Decision, decide, type RequestHeaders, type Routing, routingOf } from "./routing.js";

export interface Group {
  readonly id: string;
  readonly replicas: readonly Replica[];
}

/** What one table says about a service; replaced as a whole. Index of a group is that of `routing.groups`. */
export interface Plan {
  readonly definition: EdgeService;
  readonly policy: EdgePolicy;
  readonly routing: Routing;
  readonly groups: readonly Group[];
  readonly fallbacks: readonly (readonly number[])[];
}

/** Requests that got no replica's answer, by why. */
export const REASONS = ["no_replica", "hold_full", "body_too_large", "bad_request", "too_many_bodies"] as const;
export type Reason = (typeof REASONS)[number];

/** A service behind the edge. It outlives tables; `plan` is what the one in force says. */
export class Service {
  readonly holding: Holding;
  readonly unserved: Record<Reason, number> = {
    no_replica: 0,
    hold_full: 0,
    body_too_large: 0,
    bad_request: 0,
    too_many_bodies: 0,
  };
  retries = 0;
  heldTotal = 0;
  plan: Plan;
  readonly #counts: Counts;
  #replicas = new Map<string, Replica>();
  #cursor = 0;
  #turn = 0;

  constructor(definition: EdgeService, counts: Counts, holdLimit: number, now: () => number) {
    this.#counts = counts;
    this.holding = new Holding(holdLimit, now);
    this.plan = this.#planOf(definition);
  }

  get key(): string {
    return this.plan.definition.key;
  }

  /** Takes the new table's word; the caller wakes the held requests once all services have. */
  update(definition: EdgeService): void {
    const before = this.plan.routing;
    this.plan = this.#planOf(definition);
    // The same weights go on where they were: else frequent tables would favour the beginning of the schedule.
    if (Buffer.compare(before.slots, this.plan.routing.slots) !== 0) this.#cursor = 0;
  }

  decide(headers: RequestHeaders): Decision | null {
    return decide(this.plan.routing, this.#cursor, headers, Math.random);
  }

  /** The slot that a decision was dealt from is used up only once a replica has been found. */
  dealt(): void {
    this.#cursor += 1;
    if (this.#cursor >= 100) this.#cursor = 0;
  }

  /** A replica of the decided group, else of the next group with a weight; null: none has one. */
  pick(plan: Plan, group: number, tried: readonly Replica[] | null): Replica | null {
    this.#turn = (this.#turn + 1) & 0xffff;
    const replica = pickReplica((plan.groups[group] as Group).replicas, this.#turn, tried);
    if (replica !== null) return replica;
    for (const other of plan.fallbacks[group] as readonly number[]) {
      const fallback = pickReplica((plan.groups[other] as Group).replicas, this.#turn, tried);
      if (fallback !== null) return fallback;
    }
    return null;
  }

  replicas(): Iterable<Replica> {
    return this.#replicas.values();
  }

  /** Nothing runs or waits in it. */
  get idle(): boolean {
    return this.holding.size === 0 && [...this.#replicas.values()].every(({ inFlight }) => inFlight === 0);
  }

  status(port: number | null): EdgeServiceStatus {
    const groups: Record<string, EdgeServiceStatus["groups"][string]> = {};
    for (const { id, replicas } of this.plan.groups) {
      groups[id] = {
        inFlight: replicas.reduce((sum, replica) => sum + replica.inFlight, 0),
        replicas: Object.fromEntries(replicas.map(({ id, inFlight, out }) => [id, { inFlight, out }])),
      };
    }
    const { weights, routes } = this.plan.definition;
    return { port, weights, routed: [...new Set(routes.map(({ group }) => group))], groups };
  }

  /** It left the table: held requests are answered, running ones finish within the drain time. */
  retire(): void {
    for (const replica of this.#replicas.values()) replica.drain(this.plan.policy.drainMs);
  }

  close(): void {
    for (const replica of this.#replicas.values()) replica.close();
  }

  #planOf(definition: EdgeService): Plan {
    const routing = routingOf(definition);
    const known = this.#replicas;
    const replicas = new Map<string, Replica>();
    const groups = routing.groups.map((id): Group => {
      const latency = this.#counts.group(definition.key, id);
      const members = (definition.groups[id]?.replicas ?? []).map((one) => {
        const key = `${id}\n${one.id}\n${one.host}\n${one.port}`;
        const counts = this.#counts.replica(definition.key, id, one.id);
        const replica = known.get(key) ?? new Replica(one, id, counts, latency);
        replica.update(one, definition.policy.drainMs);
        replicas.set(key, replica);
        return replica;
      });
      return { id, replicas: members };
    });
    for (const [key, replica] of known) if (!replicas.has(key)) replica.drain(definition.policy.drainMs);
    this.#replicas = replicas;
    return {
      definition,
      policy: definition.policy,
      routing,
      groups,
      fallbacks: routing.groups.map((_, group) => fallbacks(group, routing.weights)),
    };
  }
}

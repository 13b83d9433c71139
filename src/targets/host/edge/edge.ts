import { randomBytes } from "node:crypto";
import { WindlassError } from "../../../error.js";
import { AccessLog, type AccessLogOptions } from "./access-log.js";
import type { Certificate } from "./certificates.js";
import { type EdgeContext, type EdgeLimits, LIMITS } from "./context.js";
import { Counts } from "./counts.js";
import { exposition } from "./exposition.js";
import { addressKey, type ListenHandle } from "./handover.js";
import { Listener } from "./listener.js";
import { notice } from "./notice.js";
import { probe } from "./prober.js";
import {
  EDGE_PROTOCOL,
  type EdgeBlocks,
  type EdgeService,
  type EdgeStatus,
  type EdgeTable,
  type ListenerAddress,
} from "./protocol.js";
import type { Relay } from "./relay.js";
import type { Replica } from "./replica.js";
import { Service } from "./service.js";
import type { Upgrade } from "./upgrade.js";

export interface EdgeOptions {
  readonly version: string;
  readonly accessLog: AccessLogOptions | null;
  readonly limits?: Partial<EdgeLimits>;
}

const DRAIN_AT_LEAST_MS = 1_000;
/** At most one report of a failing replica per second and replica; the access log has them all. */
const REPORT_EVERY_MS = 1_000;

/** The load balancer: listeners, services and the table in force. It has no control socket; control.ts gives it one. */
export class Edge implements EdgeContext {
  readonly limits: EdgeLimits;
  readonly log: AccessLog | null;
  readonly stalled = new Set<Relay>();
  readonly upgrades = new Set<Upgrade>();
  uploads = 0;
  draining = false;
  readonly #id = randomBytes(8).toString("hex");
  readonly #version: string;
  readonly #startedAt = performance.now();
  readonly #counts = new Counts();
  readonly #offered = new Map<string, ListenHandle>();
  readonly #listeners = new Map<string, Listener>();
  readonly #reported = new WeakMap<Replica, number>();
  readonly #leaving = new Set<Service>();
  #services = new Map<string, Service>();
  /** Accept nothing more; their connections may ask once more. */
  readonly #closing = new Set<Listener>();
  #generation = 0;
  #applying: Promise<void> = Promise.resolve();
  #flushing: Relay[] = [];
  readonly #tick: NodeJS.Timeout;

  constructor(options: EdgeOptions) {
    this.#version = options.version;
    this.limits = { ...LIMITS, ...options.limits };
    this.log = options.accessLog === null ? null : new AccessLog(options.accessLog);
    this.#tick = setInterval(() => this.#everySecond(), 1_000);
  }

  now(): number {
    return performance.now();
  }

  secondOf(now: number): number {
    return Math.floor((now - this.#startedAt) / 1_000);
  }

  flushSoon(relay: Relay): void {
    if (this.#flushing.push(relay) === 1) setImmediate(this.#flush);
  }

  report(replica: Replica, error: Error, requestId: string): void {
    const now = this.now();
    if (now - (this.#reported.get(replica) ?? -REPORT_EVERY_MS) < REPORT_EVERY_MS) return;
    this.#reported.set(replica, now);
    const { group, id } = replica;
    notice("error", `replica failed: ${error.message}`, { group, replica: id, requestId });
  }

  /** A listening socket from the daemon; the table that names its address uses it. */
  offer(address: ListenerAddress, handle: ListenHandle): void {
    const key = addressKey(address);
    if (this.#listeners.has(key)) {
      handle.close();
      return;
    }
    this.#offered.get(key)?.close();
    this.#offered.set(key, handle);
  }

  /** All listening sockets, to be given to a daemon. */
  handles(): { readonly address: ListenerAddress; readonly handle: ListenHandle }[] {
    const handles = [...this.#listeners.values()].flatMap(({ address, handle }) =>
      handle === null ? [] : [{ address, handle }],
    );
    return handles;
  }

  /** Resolves once the table is in force; rejects with `edge-table-stale` or when a listener or certificate fails. */
  apply(table: EdgeTable): Promise<void> {
    const applied = this.#applying.then(() => this.#apply(table));
    this.#applying = applied.then(
      () => undefined,
      () => undefined,
    );
    return applied;
  }

  async #apply(table: EdgeTable): Promise<void> {
    if (this.draining) throw new WindlassError("edge-draining", "this edge drains and takes no new table");
    if (table.generation <= this.#generation)
      throw new WindlassError("edge-table-stale", `generation ${table.generation} is not above ${this.#generation}`, {
        retry: "after-refresh",
        facts: { generation: this.#generation },
      });
    // Everything that can fail or wait comes first; opened listeners answer nothing until the swap.
    const prepared: { definition: EdgeService; listener: Listener; certificate: Certificate | null }[] = [];
    for (const definition of table.services) {
      try {
        const listener = await this.#listen(definition.listener);
        prepared.push({ definition, listener, certificate: await listener.prepare(definition.tls) });
      } catch (error) {
        if (!(error instanceof WindlassError)) throw error;
        // Whose fault it is: the table can be had without this one.
        const facts = { ...error.facts, service: definition.key };
        throw WindlassError.fromJSON({ ...error.toJSON(), facts });
      }
    }
    this.#swap(table, prepared);
  }

  /** Without a pause in it: a request sees the old table or the new one. */
  #swap(
    table: EdgeTable,
    prepared: readonly { definition: EdgeService; listener: Listener; certificate: Certificate | null }[],
  ): void {
    const before = this.#services;
    const services = new Map<string, Service>();
    const used = new Set<Listener>();
    for (const { definition, listener, certificate } of prepared) {
      let service = before.get(definition.key);
      if (service === undefined) service = new Service(definition, this.#counts, this.limits.held, () => this.now());
      else service.update(definition);
      services.set(definition.key, service);
      listener.use(service, definition.tls, certificate);
      used.add(listener);
    }
    this.#services = services;
    this.#generation = table.generation;
    for (const [key, service] of before) if (!services.has(key)) this.#retire(service);
    for (const [key, listener] of this.#listeners) {
      if (used.has(listener)) continue;
      this.#listeners.delete(key);
      this.#closing.add(listener);
      const drained = listener.drain(listener.service?.plan.policy.drainMs ?? DRAIN_AT_LEAST_MS);
      void drained.then(() => this.#closing.delete(listener));
    }
    // A connection from before the service went and came back is served by what is there now.
    for (const listener of this.#closing)
      listener.service = services.get(listener.service?.key ?? "") ?? listener.service;
    for (const service of services.values()) service.holding.wake();
  }

  async #listen(address: ListenerAddress): Promise<Listener> {
    const key = addressKey(address);
    const known = this.#listeners.get(key);
    if (known !== undefined) return known;
    const offered = this.#offered.get(key) ?? null;
    const listener = await Listener.open(this, address, offered);
    this.#offered.delete(key);
    this.#listeners.set(key, listener);
    return listener;
  }

  #retire(service: Service): void {
    service.retire();
    this.#leaving.add(service);
  }

  status(): EdgeStatus {
    const ports = new Map([...this.#listeners.values()].map((listener) => [listener.service, listener.port]));
    const services = Object.fromEntries(
      [...this.#services].map(([key, service]) => [key, service.status(ports.get(service) ?? null)]),
    );
    return {
      protocol: EDGE_PROTOCOL,
      version: this.#version,
      pid: process.pid,
      generation: this.#generation,
      services,
    };
  }

  /** Of the services whose key begins with `prefix`. */
  blocks(since: number, prefix = ""): EdgeBlocks {
    const elapsed = this.now() - this.#startedAt;
    const nowSecond = Math.floor(elapsed / 1_000);
    return {
      edge: this.#id,
      nowSecond,
      intoSecondMs: Math.floor(elapsed - nowSecond * 1_000),
      ...this.#counts.blocks(since, nowSecond, prefix),
    };
  }

  async metrics(): Promise<string> {
    const listeners = [...this.#listeners.values()];
    const connections = await Promise.all(listeners.map((listener) => listener.connections()));
    const figures = {
      version: this.#version,
      generation: this.#generation,
      connections: connections.reduce((sum, count) => sum + count, 0),
      upgrades: this.upgrades.size,
      uploads: this.uploads,
      logDropped: this.log?.dropped ?? 0,
      startedAtSeconds: (performance.timeOrigin + this.#startedAt) / 1_000,
    };
    return exposition(figures, this.#counts, [...this.#services.values()], listeners);
  }

  /** Accepts nothing more, finishes what runs (at most the longest drain time), and resolves when all is closed. */
  async drain(): Promise<void> {
    this.draining = true;
    const times = [...this.#services.values()].map(({ plan }) => plan.policy.drainMs);
    const within = Math.max(DRAIN_AT_LEAST_MS, ...times);
    const cut = setTimeout(() => {
      for (const upgrade of this.upgrades) upgrade.cut();
    }, within);
    await Promise.all([...this.#listeners.values()].map((listener) => listener.drain(within)));
    clearTimeout(cut);
    this.close();
  }

  /** At once; what runs is cut. */
  close(): void {
    clearInterval(this.#tick);
    for (const listener of this.#listeners.values()) {
      const cut = listener.drain(0);
      void cut;
    }
    for (const upgrade of this.upgrades) upgrade.cut();
    for (const service of [...this.#services.values(), ...this.#leaving]) service.close();
    for (const handle of this.#offered.values()) handle.close();
    this.#offered.clear();
    this.log?.close();
  }

  readonly #flush = (): void => {
    const relays = this.#flushing;
    this.#flushing = [];
    for (const relay of relays) relay.flushHeaders();
  };

  #everySecond(): void {
    const now = this.now();
    for (const service of this.#services.values()) {
      const { policy } = service.plan;
      for (const replica of service.replicas()) {
        replica.connections.sweep(now);
        if (replica.out && replica.ready && !replica.draining)
          probe(replica, (works) => replica.judge(works ? "probe-success" : "probe-failure", policy));
      }
    }
    for (const relay of this.stalled) relay.cutIfStalled(now);
    for (const listener of this.#listeners.values()) void listener.reload();
    for (const service of this.#leaving) if (service.idle) this.#forgetService(service);
    this.#counts.forget(this.secondOf(now), (key, group, replica) => this.#names(key, group, replica));
  }

  #forgetService(service: Service): void {
    this.#leaving.delete(service);
    service.close();
  }

  #names(key: string, group: string, replica: string | null): boolean {
    const found = this.#services.get(key)?.plan.groups.find(({ id }) => id === group);
    return found !== undefined && (replica === null || found.replicas.some(({ id }) => id === replica));
  }
}

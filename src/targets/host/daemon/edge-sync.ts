import type { Intent } from "../../../core/model/intent.js";
import { WindlassError } from "../../../error.js";
import type { EdgeService, EdgeStatus } from "../edge/protocol.js";
import type { EdgeLink } from "./edge-link.js";
import { edgeServices, type ReplicaView } from "./edge-table.js";
import type { Listeners } from "./listeners.js";
import type { ApplyRequest } from "./protocol.js";

export interface EdgeSyncOptions {
  readonly edge: EdgeLink;
  readonly listeners: Listeners;
  readonly intents: () => readonly ApplyRequest[];
  readonly replicas: () => readonly ReplicaView[];
  readonly report: (message: string, error?: unknown) => void;
}

interface InForce {
  readonly term: number;
  readonly revision: number;
  readonly generation: number;
}

/** Keeps the edge's table equal to what intents and replicas say. One push at a time; the last state always follows. */
export class EdgeSync {
  private generation = 0;
  private pushed: string | null = null;
  private services = new Map<string, EdgeService>();
  private readonly force = new Map<string, InForce>();
  private dirty = true;
  private begun = false;
  private running: Promise<void> | null = null;

  constructor(private readonly options: EdgeSyncOptions) {}

  /** Something that the table is made of has changed. */
  touch(): void {
    this.dirty = true;
    if (!this.begun) return;
    this.running ??= this.push().then((ok) => {
      this.running = null;
      // What came while the last push was ending; after a failure the next tick tries again.
      if (ok && this.dirty) this.touch();
    });
  }

  /** The edge is known now; before, a table could reach one that is about to be replaced. */
  begin(): void {
    this.begun = true;
    this.touch();
  }

  /** The edge is a new process, without a table. */
  forget(): void {
    this.pushed = null;
    this.touch();
  }

  /** Everything that is known has reached the edge. */
  get settled(): boolean {
    return !this.dirty && this.running === null;
  }

  /** Tries again what failed. */
  tick(): void {
    if (this.dirty && this.running === null) this.touch();
  }

  /** The application of an environment that is in force at an edge with this status, or null. */
  applied(environment: string, status: EdgeStatus | null): { term: number; revision: number } | null {
    const entry = this.force.get(environment);
    if (entry === undefined || (status !== null && status.generation < entry.generation)) return null;
    return { term: entry.term, revision: entry.revision };
  }

  remove(environment: string): void {
    this.force.delete(environment);
    this.touch();
  }

  inForce(generation: number): boolean {
    return generation >= this.generation;
  }

  private async push(): Promise<boolean> {
    try {
      while (this.dirty) {
        this.dirty = false;
        await this.once();
      }
      return true;
    } catch (error) {
      this.dirty = true;
      this.bound = "";
      this.options.report("the edge did not take the table", error);
      return false;
    }
  }

  private async once(): Promise<void> {
    const { edge, listeners, replicas } = this.options;
    const intents = this.options.intents();
    if (this.bindingNeeded(intents)) {
      const draining = this.options.replicas().filter((one) => one.phase === "draining");
      const keep = new Set(draining.map((one) => `${one.environment}/${one.service}`));
      await listeners.want(intents, keep, await edge.status());
    }
    const before = this.services;
    const services = edgeServices({ intents, replicas: replicas(), listeners: listeners.addresses, before });
    const text = JSON.stringify(services);
    if (text !== this.pushed) {
      if (this.pushed === null) this.generation = Math.max(this.generation, (await edge.status()).generation);
      const accepted = await this.put(services);
      this.pushed = text;
      edge.retireOld();
      this.services = new Map(accepted.map((service) => [service.key, service]));
    }
    for (const { environment, term, revision } of intents)
      this.force.set(environment, { term, revision, generation: this.generation });
  }

  /**
   * One service that the edge cannot take (its certificate is unreadable, say) must not keep the others from being
   * routed, or hauled back: it stays as it was in the table, or out of it, and its problem is told.
   */
  private async put(wanted: readonly EdgeService[]): Promise<readonly EdgeService[]> {
    const { edge, listeners, report } = this.options;
    const refused = new Set<string>();
    const gone = new Set<string>();
    for (;;) {
      const services = wanted.flatMap((service) => {
        if (gone.has(service.key)) return [];
        return refused.has(service.key) ? (this.services.get(service.key) ?? []) : service;
      });
      this.generation += 1;
      try {
        await edge.put({ generation: this.generation, services });
        for (const key of this.refused) if (!refused.has(key)) listeners.problems.delete(key);
        this.refused = refused;
        return services;
      } catch (error) {
        const key = error instanceof WindlassError ? error.facts?.service : undefined;
        if (!(error instanceof WindlassError) || typeof key !== "string") throw error;
        // Not even as it was: it is left out.
        if (gone.has(key)) throw error;
        if (refused.has(key)) gone.add(key);
        refused.add(key);
        listeners.problems.set(
          key,
          `${error.code}: ${error.message}${error.hint === undefined ? "" : `. ${error.hint}`}`,
        );
        report(`the edge cannot take ${key}`, error);
      }
    }
  }
  private refused: ReadonlySet<string> = new Set();

  /** Asking the edge costs a round trip, which the way of a weight to the edge does not need. */
  private bindingNeeded(intents: readonly { environment: string; intent: Intent }[]): boolean {
    const listens = intents.map(({ environment, intent }) =>
      Object.entries(intent.services).map(([name, { traffic }]) => [environment, name, traffic?.listen ?? null]),
    );
    const text = JSON.stringify([listens, this.options.replicas().some((one) => one.phase === "draining")]);
    const needed = text !== this.bound || this.pushed === null || this.options.listeners.problems.size > 0;
    this.bound = text;
    return needed;
  }
  private bound = "";
}

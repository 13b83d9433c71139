import type { EdgePolicy } from "../../../spec/compiled.js";
import { Connections } from "./connections.js";
import type { ReplicaCounts } from "./counts.js";
import type { Histogram } from "./histogram.js";
import { judge, type OutlierEvent, type OutlierState, SOUND } from "./outlier.js";
import type { EdgeReplica } from "./protocol.js";

/** At the drain's deadline the process is told to end: it may close its upgraded connections itself, and say why. */
const FAREWELL_MS = 1_000;

/** Something that runs through a replica and can be ended by the drain's deadline: an upgraded connection. */
export interface Cuttable {
  cut(): void;
}

/** One address of one replica while the edge knows it. A table changes its flags; its connections stay. */
export class Replica {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly connections: Connections;
  readonly upgraded = new Set<Cuttable>();
  ready = false;
  draining = false;
  probePath: string | null = null;
  inFlight = 0;
  outlier: OutlierState = SOUND;
  #deadline: NodeJS.Timeout | null = null;

  constructor(
    definition: EdgeReplica,
    readonly group: string,
    readonly counts: ReplicaCounts,
    readonly groupLatency: Histogram,
  ) {
    this.id = definition.id;
    this.host = definition.host;
    this.port = definition.port;
    this.connections = new Connections(definition.host, definition.port);
  }

  get out(): boolean {
    return this.outlier.out;
  }

  judge(event: OutlierEvent, policy: EdgePolicy): void {
    this.outlier = judge(this.outlier, event, policy);
  }

  /**
   * One request that it was asked last. `took` in milliseconds, slow above `slowMs`; a status of 499 is a client that
   * left. A connection that was upgraded lasts as long as it lasts: that is not a latency.
   */
  count(second: number, status: number, took: number, error: boolean, slowMs: number | null): void {
    const { counts } = this;
    const upgraded = status === 101;
    counts.count(second, error, !upgraded && slowMs !== null && took > slowMs, upgraded ? null : took);
    const statusClass = status === 499 ? 0 : (status / 100) | 0;
    counts.byClass[statusClass] = (counts.byClass[statusClass] ?? 0) + 1;
    if (upgraded) return;
    counts.latency.observe(took);
    this.groupLatency.observe(took);
  }

  /** What the new table says about it. */
  update(definition: EdgeReplica, drainMs: number): void {
    this.ready = definition.ready;
    this.probePath = definition.probePath;
    if (definition.draining) this.drain(drainMs);
    else this.#undrain();
  }

  /**
   * Nothing new; what runs may finish within `drainMs`, then it is cut, upgraded connections a farewell later. Also for
   * one that left the table.
   */
  drain(drainMs: number): void {
    if (this.draining) return;
    this.draining = true;
    this.connections.retire();
    this.#deadline = setTimeout(() => {
      this.connections.destroy();
      this.#deadline = setTimeout(() => {
        for (const one of this.upgraded) one.cut();
      }, FAREWELL_MS).unref();
    }, drainMs).unref();
  }

  close(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    for (const one of this.upgraded) one.cut();
    this.connections.destroy();
  }

  #undrain(): void {
    if (!this.draining) return;
    this.draining = false;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
    this.connections.revive();
  }
}

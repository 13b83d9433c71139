import path from "node:path";
import { z } from "zod";
import type { Intent } from "../../../core/model/intent.js";
import { WindlassError } from "../../../error.js";
import { createListener } from "../edge/handover.js";
import type { EdgeStatus, ListenerAddress } from "../edge/protocol.js";
import { readRecord, writeDurably } from "../supervisor/durable-file.js";
import type { EdgeLink } from "./edge-link.js";
import { serviceKey } from "./edge-table.js";
import { portOwner } from "./port-owner.js";

const chosenSchema = z.record(z.string(), z.number().int());

/** Where clients reach each service: binds what is wanted, remembers the ports that it picked itself. */
export class Listeners {
  readonly addresses = new Map<string, ListenerAddress>();
  /** Why a service cannot be reached, by its key. */
  readonly problems = new Map<string, string>();
  private readonly chosen: Map<string, number>;
  private readonly file: string;

  constructor(
    directory: string,
    private readonly edge: EdgeLink,
    report: (message: string, error?: unknown) => void,
  ) {
    this.file = path.join(directory, "ports.json");
    const damaged = (file: string, error: unknown): void => report(`${file} is damaged and put aside`, error);
    this.chosen = new Map(Object.entries(readRecord(this.file, (value) => chosenSchema.parse(value), damaged) ?? {}));
  }

  /**
   * Binds what is new and closes what is wanted no more, except what `keep` names. `status` is the edge's: a port
   * that it has bound already is its own.
   */
  async want(
    intents: readonly { environment: string; intent: Intent }[],
    keep: ReadonlySet<string>,
    status: EdgeStatus | null,
  ): Promise<void> {
    const wanted = new Map<string, ListenerAddress>();
    for (const { environment, intent } of intents)
      for (const [name, { traffic }] of Object.entries(intent.services))
        if (traffic !== null) wanted.set(serviceKey(environment, name), traffic.listen);
    for (const [key, address] of this.addresses) {
      const next = wanted.get(key);
      // After the edge was started anew, a socket that only the old one had is bound again.
      const reachable = this.edge.holds(address) || status?.services[key]?.port === address.port;
      if (next !== undefined ? sameAddress(address, next) && (reachable || this.edge.foreign) : keep.has(key)) continue;
      this.edge.unlisten(address);
      this.addresses.delete(key);
    }
    for (const key of this.problems.keys()) if (!wanted.has(key)) this.problems.delete(key);
    for (const [key, address] of wanted) if (!this.addresses.has(key)) await this.bind(key, address, status);
  }

  private async bind(key: string, wanted: ListenerAddress, status: EdgeStatus | null): Promise<void> {
    const port = wanted.port === 0 ? (this.chosen.get(key) ?? 0) : wanted.port;
    const address = { host: wanted.host, port };
    const other = this.serviceAt(address, key);
    if (other !== null) {
      this.problems.set(key, `host-port-taken: clients reach ${other} on port ${port}. Give one of them another port.`);
      return;
    }
    const bound = port !== 0 && (this.edge.holds(address) || status?.services[key]?.port === port);
    try {
      if (!bound) address.port = await this.create(wanted, address);
      if (wanted.port === 0 && this.chosen.get(key) !== address.port) this.remember(key, address.port);
      this.addresses.set(key, address);
      this.problems.delete(key);
    } catch (error) {
      if (!(error instanceof WindlassError)) throw error;
      const owner = error.code === "host-port-taken" ? portOwner(port) : null;
      const by = owner === null ? "" : ` (${owner})`;
      this.problems.set(
        key,
        `${error.code}: ${error.message}${by}${error.hint === undefined ? "" : `. ${error.hint}`}`,
      );
    }
  }

  /** Another service that is reached at the address: the edge has one listener there, and it cannot be both. */
  private serviceAt(address: ListenerAddress, key: string): string | null {
    if (address.port === 0) return null;
    for (const [other, taken] of this.addresses)
      if (other !== key && taken.port === address.port && taken.host === address.host) return other;
    return null;
  }

  /** A port that Windlass had picked and that somebody else has by now is given up for another one. */
  private async create(wanted: ListenerAddress, address: ListenerAddress): Promise<number> {
    const attempt = (): ReturnType<typeof createListener> => {
      try {
        return createListener(address);
      } catch (error) {
        if (wanted.port === 0 && address.port !== 0) return createListener(wanted);
        throw error;
      }
    };
    const created = attempt();
    try {
      await this.edge.listen(created.address, created.handle);
      return created.address.port;
    } catch (error) {
      // Between picking a port and listening at it somebody else may have taken it: nobody asked for this very one.
      if (wanted.port !== 0 || !(error instanceof WindlassError) || error.code !== "host-port-taken") throw error;
      const other = createListener(wanted);
      await this.edge.listen(other.address, other.handle);
      return other.address.port;
    }
  }

  private remember(key: string, port: number): void {
    this.chosen.set(key, port);
    writeDurably(this.file, JSON.stringify(Object.fromEntries(this.chosen)));
  }
}

function sameAddress(bound: ListenerAddress, wanted: ListenerAddress): boolean {
  return bound.host === wanted.host && (wanted.port === 0 || bound.port === wanted.port);
}

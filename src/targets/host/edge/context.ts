import type { AccessLog } from "./access-log.js";
import type { Relay } from "./relay.js";
import type { Replica } from "./replica.js";
import type { Upgrade } from "./upgrade.js";

/** Bounds of one edge process, over all services. */
export interface EdgeLimits {
  readonly connections: number;
  /** Uploads at the same time. */
  readonly bodies: number;
  /** Requests that wait for a replica, per service. */
  readonly held: number;
  readonly headerBytes: number;
  /** A client has this long to send a request's header. */
  readonly headersTimeoutMs: number;
  /** And this long for the whole request. */
  readonly requestTimeoutMs: number;
  /** An idle client connection is closed after this. */
  readonly keepAliveMs: number;
}

export const LIMITS: EdgeLimits = {
  connections: 16_384,
  bodies: 4_096,
  held: 1_024,
  headerBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  keepAliveMs: 65_000,
};

/** What a request needs of the process that carries it. */
export interface EdgeContext {
  readonly limits: EdgeLimits;
  /** Monotonic milliseconds. */
  now(): number;
  /** Index of the second, counted from the edge's start. */
  secondOf(now: number): number;
  /** The process ends soon: answers say `connection: close`. */
  readonly draining: boolean;
  uploads: number;
  readonly stalled: Set<Relay>;
  readonly upgrades: Set<Upgrade>;
  readonly log: AccessLog | null;
  /** Sends the head at the end of this turn of the event loop when no body has come with it. */
  flushSoon(relay: Relay): void;
  /** A replica failed a client, and why. */
  report(replica: Replica, error: Error, requestId: string): void;
}

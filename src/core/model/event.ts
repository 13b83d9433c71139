import type { DomainEvent } from "./events.js";

/** What a writer hands in. `type` carries its version: `rollout.started@1`. */
export interface NewEvent {
  readonly type: string;
  /** Plain JSON; never a secret. */
  readonly data: unknown;
  /** Engine milliseconds. */
  readonly at: number;
  /** Wall clock, ISO 8601 UTC. */
  readonly wall: string;
  /** Who asked or decided: `user:ada`, `engine`. */
  readonly by: string;
  /** Idempotency key of the command behind it, or null. */
  readonly key: string | null;
}

/** A stored event: its place in its stream and in the whole ledger, both counted from 1 without gaps. */
export interface EventRecord extends NewEvent {
  readonly stream: string;
  readonly version: number;
  readonly sequence: number;
}

/** An event that this version of Windlass understands. */
export type KnownRecord = Omit<EventRecord, "type" | "data"> & DomainEvent;

import type { EnvironmentKey } from "../core/model/intent.js";
import type { Block } from "../core/model/judgement.js";

export type Resolution = "second" | "minute" | "hour";

export interface SeriesQuery {
  readonly environment: EnvironmentKey;
  readonly service: string;
  /** Engine milliseconds, from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
  readonly resolution: Resolution;
}

/** Of one document, as UTF-8. */
export const MAX_STATE_BYTES = 64 * 1024;
/** Of all documents together; beyond it the one that was written longest ago goes. */
export const MAX_STATES = 10_000;

/**
 * Bounded telemetry: raw seconds roll up to minutes and hours and are dropped by age. Never evidence on its own.
 * `latencies` are kept by the second only.
 */
export interface SeriesStore {
  /** A block with the same (environment, service, group, replica, at) replaces the earlier one. */
  write(environment: EnvironmentKey, blocks: readonly (Block & { readonly service: string })[]): Promise<void>;
  read(query: SeriesQuery): Promise<readonly Block[]>;
  /**
   * Keeps a small JSON document, in place of the one before: a test's checkpoint, what was learned about a service. It
   * is telemetry and gone with the file. Rejects with `series-state-too-large` above {@link MAX_STATE_BYTES}.
   */
  putState(environment: EnvironmentKey, service: string, kind: string, json: unknown): Promise<void>;
  /** Null: there is none. What it looks like is for the caller to check: an older version may have written it. */
  getState(environment: EnvironmentKey, service: string, kind: string): Promise<unknown>;
  /** Also when there is none. */
  removeState(environment: EnvironmentKey, service: string, kind: string): Promise<void>;
  /** Rolls up and drops what is past its retention. */
  maintain(now: number): Promise<void>;
  close(): Promise<void>;
}

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

/** Bounded telemetry: raw seconds roll up to minutes and hours and are dropped by age. Never evidence on its own. */
export interface SeriesStore {
  /** A block with the same (environment, service, group, replica, at) replaces the earlier one. */
  write(environment: EnvironmentKey, blocks: readonly (Block & { readonly service: string })[]): Promise<void>;
  read(query: SeriesQuery): Promise<readonly Block[]>;
  /** Rolls up and drops what is past its retention. */
  maintain(now: number): Promise<void>;
  close(): Promise<void>;
}

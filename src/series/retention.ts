import type { Resolution } from "../ports/series-store.js";

/** How long blocks of each resolution are kept, in milliseconds. */
export type Retention = Readonly<Record<Resolution, number>>;

const HOUR = 3_600_000;

/** Seconds for 2 hours (one of history and a rollout of another), minutes for 2 days, hours for 90 days. */
export const RETENTION: Retention = { second: 2 * HOUR, minute: 48 * HOUR, hour: 90 * 24 * HOUR };

/** Milliseconds per block. */
export const WIDTH: Retention = { second: 1_000, minute: 60_000, hour: HOUR };

/** What a block of one resolution is added up from. */
export const FINER = { minute: "second", hour: "minute" } as const;

/**
 * Blocks before this are dropped. It falls on the start of a coarser block, so that a minute or an hour is never
 * added up again from a part of its blocks.
 */
export function horizon(resolution: Resolution, now: number, retention: Retention): number {
  const grid = resolution === "second" ? WIDTH.minute : WIDTH.hour;
  return Math.floor((now - retention[resolution]) / grid) * grid;
}

import { bucketOf, countAbove } from "../../../core/analysis/latency.js";
import type { GroupId, ServiceName } from "../../../core/model/intent.js";
import { WindlassError } from "../../../error.js";
import type { SignalReading } from "../../../ports/target.js";
import type { Page } from "./gateway-counts.js";

export interface Backend {
  readonly service: ServiceName;
  readonly group: GroupId;
  readonly slowMs: number | null;
}

export interface RestartSeen {
  readonly at: number;
  readonly service: ServiceName;
  readonly group: GroupId;
  readonly replica: string;
}

/** One cursor is the engine time up to which every second was told. */
export function parseCursor(cursor: string | null): number {
  if (cursor === null) return Number.NEGATIVE_INFINITY;
  const since = Number(cursor);
  if (!Number.isSafeInteger(since))
    throw new WindlassError("kubernetes-signal-cursor", "the cursor is not one of this target");
  return since;
}

/** A page of one environment: requests by group, of which the gateway names no replica, and restarts by pod. */
export function readingOf(
  page: Page,
  backends: ReadonlyMap<string, Backend>,
  restarts: readonly RestartSeen[],
  since: number,
): SignalReading {
  const blocks: SignalReading["blocks"][number][] = [];
  for (const [at, counted] of page.seconds)
    for (const [name, { total, errors, latencies }] of counted) {
      const backend = backends.get(name);
      if (backend === undefined || at >= page.completeTo) continue;
      const { service, group, slowMs } = backend;
      const slow = slowMs === null ? 0 : countAbove(latencies, bucketOf(slowMs));
      blocks.push({ at, service, group, replica: `${service}-${group}`, total, errors, slow, restarts: 0, latencies });
    }
  for (const { at, service, group, replica } of restarts)
    if (at >= since && at < page.completeTo)
      blocks.push({ at, service, group, replica, total: 0, errors: 0, slow: 0, restarts: 1 });
  blocks.sort((a, b) => a.at - b.at);
  return { cursor: String(page.completeTo), completeTo: page.completeTo, blocks };
}

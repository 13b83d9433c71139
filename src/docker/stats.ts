import type { DockerEngine } from "./engine.js";

export interface ContainerStats {
  /** Nanoseconds of CPU since it began. */
  readonly cpuNs: number;
  /** Without the page cache that can be given back. */
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number | null;
  readonly pids: number | null;
}

interface RawStats {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: { readonly inactive_file?: number; readonly total_inactive_file?: number };
  };
  readonly pids_stats?: { readonly current?: number };
}

/** One reading, now. Null when the container does not run. */
export async function containerStats(engine: DockerEngine, id: string): Promise<ContainerStats | null> {
  const path = `/containers/${encodeURIComponent(id)}/stats`;
  const raw = await engine.json<RawStats>("GET", path, { query: { stream: false, "one-shot": true } });
  const { usage, limit, stats } = raw.memory_stats ?? {};
  if (usage === undefined) return null;
  const cache = stats?.total_inactive_file ?? stats?.inactive_file ?? 0;
  return {
    cpuNs: raw.cpu_stats?.cpu_usage?.total_usage ?? 0,
    memoryBytes: Math.max(0, usage - cache),
    memoryLimitBytes: limit ?? null,
    pids: raw.pids_stats?.current ?? null,
  };
}

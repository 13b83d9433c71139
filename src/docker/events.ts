import type { DockerEngine } from "./engine.js";
import { type Filters, filtersOf } from "./filters.js";
import { jsonLines } from "./progress.js";

export interface EngineEvent {
  /** `container`, `network`, `image`, … */
  readonly Type: string;
  /** `start`, `die`, `oom`, `health_status: healthy`, … */
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  /** Nanoseconds since 1970. */
  readonly timeNano: number;
}

/**
 * What happens in the Engine, from `since` (seconds since 1970) or from now on, until the signal. Rejects when the
 * connection ends (the Engine restarts): whoever follows reads the state anew and calls again.
 */
export async function* engineEvents(
  engine: DockerEngine,
  filters: Filters,
  signal: AbortSignal,
  since?: number,
): AsyncGenerator<EngineEvent> {
  const query = { filters: filtersOf(filters), since };
  const source = await engine.stream("GET", "/events", { query, signal, silenceMs: 0 });
  try {
    for await (const event of jsonLines(source)) yield event as EngineEvent;
  } catch (error) {
    if (!signal.aborted) throw engine.explain(error, 0);
    return;
  } finally {
    source.destroy();
  }
  if (!signal.aborted) throw engine.explain(new Error("the stream of events ended"), 0);
}

import type { EnvironmentKey, Intent } from "../core/model/intent.js";
import type { Block } from "../core/model/judgement.js";
import type { Observation } from "../core/model/observation.js";

export interface Application {
  /** The engine's lease; an apply with a term lower than one already seen is refused (`target-stale-term`). */
  readonly term: number;
  /** The stream version that the intent was derived from. Lower than the last one of the same term: ignored. */
  readonly revision: number;
  readonly intent: Intent;
}

export interface LogQuery {
  readonly service: string | null;
  readonly replica: string | null;
  /** How many past lines, per replica. */
  readonly lines: number;
  readonly follow: boolean;
}

export interface LogLine {
  readonly service: string;
  readonly replica: string;
  readonly stream: "stdout" | "stderr" | "windlass";
  readonly text: string;
}

/** The engine under an environment. Every call has a deadline of its own and rejects with a WindlassError. */
export interface Target {
  /**
   * What is now. Parts that are the same objects as in the observation before (`services`, `tasks`, `resources`,
   * `applied`) did not change; a part that did not change need not be the same object.
   */
  observe(environment: EnvironmentKey): Promise<Observation>;
  /** Makes it so, level-triggered and idempotent. Resolves once the intent is accepted and durable, not once it is true. */
  apply(environment: EnvironmentKey, application: Application): Promise<void>;
  logs(environment: EnvironmentKey, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
}

/**
 * Where blocks of counts come from. `cursor` is opaque; null starts with what the source still has: at least the last
 * 590 seconds. Who comes again within that time gets every second; one that nobody read in time is final and empty.
 */
export interface SignalSource {
  read(environment: EnvironmentKey, cursor: string | null): Promise<SignalReading>;
}

export interface SignalReading {
  readonly cursor: string;
  /**
   * Engine milliseconds, a multiple of 1,000: every second before it is final. Its blocks are in this reading or an
   * earlier one of the same cursor; a replica that answered nothing has none. Never goes back from reading to reading.
   */
  readonly completeTo: number;
  /** A block of the running second may be sent again with higher counts; the later one replaces it. */
  readonly blocks: readonly (Block & { readonly service: string })[];
}

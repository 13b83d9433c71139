import type { EnvironmentKey } from "../../core/model/intent.js";
import type { Observation } from "../../core/model/observation.js";
import { WindlassError } from "../../error.js";
import type { Application, LogLine, LogQuery, SignalReading, SignalSource, Target } from "../../ports/target.js";
import { type BehaviourOf, WELL } from "./behaviour.js";
import { REMEMBERED_MS } from "./demand.js";
import { ModelEnvironment, type ModelTimes } from "./environment.js";
import type { Traffic } from "./traffic.js";

export interface ModelOptions extends Partial<ModelTimes> {
  readonly behaviourOf?: BehaviourOf;
  /** What is counted in each second, instead of steady whole numbers: seeded draws, recorded history. */
  readonly traffic?: Traffic;
}

/**
 * The target in memory, under a clock that is given: what the simulator runs on, and the measure that real targets
 * share a contract suite with. Nothing happens between calls; each one brings its environment to the clock's now.
 */
export class ModelTarget implements Target, SignalSource {
  readonly environments = new Map<EnvironmentKey, ModelEnvironment>();
  readonly #times: ModelTimes;
  readonly #behaviourOf: BehaviourOf;
  readonly #traffic: Traffic | null;

  constructor(
    private readonly now: () => number,
    options: ModelOptions = {},
  ) {
    const { edgeMs = 10, taskMs = 100, requestsPerSecond = 100 } = options;
    this.#times = { edgeMs, taskMs, requestsPerSecond };
    this.#behaviourOf = options.behaviourOf ?? (() => WELL);
    this.#traffic = options.traffic ?? null;
  }

  environment(key: EnvironmentKey): ModelEnvironment {
    const known = this.environments.get(key);
    if (known !== undefined) return known;
    const environment = new ModelEnvironment(this.#behaviourOf, this.#times, this.#traffic);
    this.environments.set(key, environment);
    return environment;
  }

  async observe(key: EnvironmentKey): Promise<Observation> {
    return this.environment(key).observe(this.now());
  }

  async apply(key: EnvironmentKey, { term, revision, intent }: Application): Promise<void> {
    const environment = this.environment(key);
    const last = environment.applied;
    if (last !== null && term < last.term)
      throw new WindlassError("target-stale-term", `${key}: term ${term} is over, ${last.term} drives it`, {
        hint: "another control plane took over; this one must stop",
        facts: { term, now: last.term },
      });
    if (last !== null && term === last.term && revision < last.revision) return;
    environment.apply(term, revision, intent, this.now());
  }

  /** The clock's second runs; every one before it is final. A first reading gives the last ten minutes. */
  async read(key: EnvironmentKey, cursor: string | null): Promise<SignalReading> {
    const now = this.now();
    const to = Math.floor(now / 1000) * 1000;
    const from = Math.max(cursor === null ? 0 : Number(cursor), to - REMEMBERED_MS);
    return { cursor: String(to), completeTo: to, blocks: from < to ? this.environment(key).blocks(from, to) : [] };
  }

  /** Sends requests through the edge's weights in force; how many each release answered. */
  request(key: EnvironmentKey, service: string, count: number): Readonly<Record<string, number>> {
    return this.environment(key).request(service, count, this.now());
  }

  async *logs(key: EnvironmentKey, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    for (const [service, { groups }] of this.environment(key).services) {
      if (query.service !== null && query.service !== service) continue;
      for (const group of groups.values())
        for (const replica of group.replicas)
          if (query.replica === null || query.replica === replica.id)
            for (const text of query.lines === 0 ? [] : replica.lines().slice(-query.lines))
              yield { service, replica: replica.id, stream: "stdout", text };
    }
    // Nobody prints anything more: following is waiting for its end.
    if (query.follow && !signal.aborted)
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
  }
}

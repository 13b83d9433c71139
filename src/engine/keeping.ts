import type { AnalysisMemory, RolloutAnalysisSnapshot } from "../core/analysis/rollout.js";
import type { EnvironmentKey } from "../core/model/intent.js";
import type { Block } from "../core/model/judgement.js";
import type { SeriesStore } from "../ports/series-store.js";
import type { EngineLog } from "./log.js";
import type { ServiceBlock } from "./seconds.js";

/** What an engine needs to go on with an analysis where another one stopped. */
export interface Checkpoint {
  readonly schema: 1;
  /** Of the signal source: what was counted after it is read again. */
  readonly cursor: string;
  readonly analysis: RolloutAnalysisSnapshot;
}

const MEMORY = "memory";

/**
 * What one environment keeps in the series store: its counts, checkpoints of analyses in progress, and what was learned
 * about its services. No evidence hangs on it, so writing never rejects: a full disk stops no verdict, and is said once.
 */
export class Keeping {
  #problem: string | null = null;

  constructor(
    private readonly environment: EnvironmentKey,
    private readonly series: SeriesStore,
    private readonly log: EngineLog,
  ) {}

  counts(blocks: readonly ServiceBlock[]): Promise<void> {
    return blocks.length === 0 ? DONE : this.#write(() => this.series.write(this.environment, blocks));
  }

  /** The seconds of a service, from inclusive, to exclusive. Rejects where they cannot be read. */
  seconds(service: string, from: number, to: number): Promise<readonly Block[]> {
    return this.series.read({ environment: this.environment, service, from, to, resolution: "second" });
  }

  /** Null: there is none, or one of another version of Windlass. */
  async checkpoint(service: string, deployment: string): Promise<Checkpoint | null> {
    const kept = await this.#state<Checkpoint>(service, kindOf(deployment));
    const isWhole = kept?.schema === 1 && typeof kept.cursor === "string" && kept.analysis?.schema === 1;
    return isWhole ? (kept as Checkpoint) : null;
  }

  putCheckpoint(service: string, deployment: string, checkpoint: Checkpoint): Promise<void> {
    return this.#write(() => this.series.putState(this.environment, service, kindOf(deployment), checkpoint));
  }

  async memory(service: string): Promise<AnalysisMemory | null> {
    const kept = await this.#state<AnalysisMemory>(service, MEMORY);
    return kept?.schema === 1 ? (kept as AnalysisMemory) : null;
  }

  remember(service: string, memory: AnalysisMemory): Promise<void> {
    return this.#write(() => this.series.putState(this.environment, service, MEMORY, memory));
  }

  /** The rollout is over: what was learned stays, the checkpoint goes. The same again does no harm. */
  end(service: string, deployment: string, memory: AnalysisMemory): Promise<void> {
    return this.#write(async () => {
      await this.series.putState(this.environment, service, MEMORY, memory);
      await this.series.removeState(this.environment, service, kindOf(deployment));
    });
  }

  async #state<T>(service: string, kind: string): Promise<Partial<T> | null> {
    return (await this.series.getState(this.environment, service, kind)) as Partial<T> | null;
  }

  async #write(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#problem = null;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.#problem) this.log("warn", `${this.environment}: the series were not written: ${problem}`);
      this.#problem = problem;
    }
  }
}

const DONE = Promise.resolve();

function kindOf(deployment: string): string {
  return `analysis:${deployment}`;
}

import type { AnalysisMemory, RolloutAnalysisSnapshot } from "../core/analysis/rollout.js";
import type { EnvironmentKey } from "../core/model/intent.js";
import type { SeriesStore } from "../ports/series-store.js";

/** What an engine needs to go on with an analysis where another one stopped. */
export interface Checkpoint {
  readonly schema: 1;
  /** Of the signal source: what was counted after it is read again. */
  readonly cursor: string;
  readonly analysis: RolloutAnalysisSnapshot;
}

/**
 * The states of analyses, beside the series: what is lost with them is counted anew. A checkpoint belongs to a service's
 * part in one deployment; a memory to the service.
 */
export class Checkpoints {
  constructor(
    private readonly environment: EnvironmentKey,
    private readonly series: SeriesStore,
  ) {}

  /** Null: there is none, or one of another version of Windlass. */
  async read(service: string, deployment: string): Promise<Checkpoint | null> {
    const kept = (await this.series.getState(
      this.environment,
      service,
      kindOf(deployment),
    )) as Partial<Checkpoint> | null;
    if (kept?.schema !== 1 || typeof kept.cursor !== "string" || kept.analysis?.schema !== 1) return null;
    return kept as Checkpoint;
  }

  write(service: string, deployment: string, checkpoint: Checkpoint): Promise<void> {
    return this.series.putState(this.environment, service, kindOf(deployment), checkpoint);
  }

  async memory(service: string): Promise<AnalysisMemory | null> {
    const kept = (await this.series.getState(this.environment, service, MEMORY)) as Partial<AnalysisMemory> | null;
    return kept?.schema === 1 ? (kept as AnalysisMemory) : null;
  }

  /** The rollout is over: what was learned stays, the rest goes. The same again does no harm. */
  async end(service: string, deployment: string, memory: AnalysisMemory): Promise<void> {
    await this.series.putState(this.environment, service, MEMORY, memory);
    await this.series.removeState(this.environment, service, kindOf(deployment));
  }
}

const MEMORY = "memory";

function kindOf(deployment: string): string {
  return `analysis:${deployment}`;
}

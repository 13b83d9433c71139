import type { CompiledAnalysis } from "../../spec/compiled.js";
import type { GroupId } from "../model/intent.js";
import type { Block, Judgement } from "../model/judgement.js";
import { Comparison, type ComparisonSnapshot } from "./comparison.js";
import { combine } from "./seam.js";
import type { ReplicaCounts, SignalSecond } from "./second.js";

export interface RolloutAnalysisOptions {
  readonly analysis: CompiledAnalysis;
  /** Null: a first release; nothing is compared. */
  readonly stable: GroupId | null;
  readonly canary: GroupId;
  /** 1 for the first attempt to roll this revision out, 2 for the next: they share one α. */
  readonly attempt: number;
  /** What was learned about the service before; null: nothing yet. Plain JSON. */
  readonly memory: AnalysisMemory | null;
}

/** What outlives a rollout: how long replicas warm up, how long requests take. Plain JSON, bounded. */
export interface AnalysisMemory {
  readonly schema: 1;
}

/** Plain JSON, a few kilobytes. */
export interface RolloutAnalysisSnapshot {
  readonly schema: 1;
  /** The last second that is in it; the ones after it are fed again. */
  readonly at: number;
  readonly comparisons: Readonly<Record<string, ComparisonSnapshot>>;
}

/** Every comparison of one rollout of one service. Mutable, without clock or I/O; seconds come in order, each once. */
export class RolloutAnalysis {
  #at = 0;
  readonly #comparisons = new Map<string, Comparison>();

  constructor(readonly options: RolloutAnalysisOptions) {
    const { analysis } = options;
    for (const signal of analysis.signals) {
      const level = { fail: analysis.falseAlarms / analysis.signals.length, pass: analysis.falsePasses };
      this.#comparisons.set(signal.name, new Comparison({ signal: signal.name, level, margin: signal.margin }));
    }
  }

  static restore(options: RolloutAnalysisOptions, snapshot: RolloutAnalysisSnapshot): RolloutAnalysis {
    const restored = new RolloutAnalysis(options);
    restored.#at = snapshot.at;
    for (const [name, comparison] of restored.#comparisons) {
      const kept = snapshot.comparisons[name];
      if (kept !== undefined) restored.#comparisons.set(name, Comparison.restore(comparison.settings, kept));
    }
    return restored;
  }

  /** The last second that it was shown. */
  get at(): number {
    return this.#at;
  }

  /** All blocks of one finished second before the canary gets requests: what the service is like by itself. */
  learn(at: number, blocks: readonly Block[]): void {
    this.#at = at;
    for (const name of ["errors", "slow"]) this.#comparisons.get(name)?.learn(this.#second(at, blocks, name));
  }

  /** All blocks of one finished second since the canary gets requests. */
  update(at: number, blocks: readonly Block[]): void {
    this.#at = at;
    for (const name of ["errors", "slow"]) this.#comparisons.get(name)?.update(this.#second(at, blocks, name));
  }

  /** Counts of a polled source. */
  measured(signal: string, second: SignalSecond): void {
    this.#comparisons.get(signal)?.update(second);
  }

  judge(): Judgement {
    return combine([...this.#comparisons.values()].map((comparison) => comparison.judge()));
  }

  snapshot(): RolloutAnalysisSnapshot {
    const comparisons = Object.fromEntries([...this.#comparisons].map(([name, one]) => [name, one.snapshot()]));
    return { schema: 1, at: this.#at, comparisons };
  }

  /** What is known now, for the next rollout. */
  memory(): AnalysisMemory {
    return { schema: 1 };
  }

  #second(at: number, blocks: readonly Block[], name: string): SignalSecond {
    const of = (group: GroupId | null): ReplicaCounts[] =>
      blocks
        .filter((block) => block.group === group)
        .map((block) => ({
          replica: block.replica,
          bad: name === "slow" ? block.slow : block.errors,
          total: block.total,
        }));
    return { at, stable: of(this.options.stable), canary: of(this.options.canary) };
  }
}

import type { CompiledAnalysis, CompiledSignal } from "../../spec/compiled.js";
import type { GroupId } from "../model/intent.js";
import type { Block, Judgement, Verdict } from "../model/judgement.js";
import { type AnalysisMemory, ServiceProfile } from "./profile.js";
import { combine, combinedVerdict } from "./seam.js";
import type { SignalSecond } from "./second.js";
import { SignalAnalysis, type SignalAnalysisSnapshot } from "./signal.js";

export type { AnalysisMemory } from "./profile.js";

export interface RolloutAnalysisOptions {
  readonly analysis: CompiledAnalysis;
  /** Null: a first release; nothing is compared. */
  readonly stable: GroupId | null;
  readonly canary: GroupId;
  /** 1 for the first attempt to roll this revision out, 2 for the next: they share one α. */
  readonly attempt: number;
  /** What was learned about the service before; null: nothing yet. Plain JSON. */
  readonly memory: AnalysisMemory | null;
  /** The threshold by which the blocks' `slow` was counted, where the target counts it; else their latencies serve. */
  readonly slowMs?: number | null;
}

/** Plain JSON, a few kilobytes. */
export interface RolloutAnalysisSnapshot {
  readonly schema: 1;
  /** The last second that is in it; the ones after it are fed again. */
  readonly at: number;
  readonly signals: Readonly<Record<string, SignalAnalysisSnapshot>>;
  readonly memory: AnalysisMemory;
}

/** Of α, what the first attempt may spend; each later one gets a tenth of what is left, so that all together spend α. */
const FIRST_ATTEMPT = 0.9;

/** What attempt number `attempt` (from 1) of all attempts at one revision may spend of α. */
export function spend(alpha: number, attempt: number): number {
  return alpha * FIRST_ATTEMPT * (1 - FIRST_ATTEMPT) ** (attempt - 1);
}

/** Every comparison of one rollout of one service. Mutable, without clock or I/O; seconds come in order, each once. */
export class RolloutAnalysis {
  #at = 0;
  readonly #signals = new Map<string, SignalAnalysis>();
  readonly #counted: readonly SignalAnalysis[];
  readonly #profile: ServiceProfile;

  constructor(
    readonly options: RolloutAnalysisOptions,
    from: RolloutAnalysisSnapshot | null = null,
  ) {
    const { analysis, stable } = options;
    this.#profile = new ServiceProfile(from?.memory ?? options.memory);
    if (from === null) {
      if (stable !== null) this.#profile.settle(stable);
      this.#profile.begin(options.canary);
    }
    // Bonferroni: α is shared by the signals. A pass needs all of them, so each one has the whole of β.
    const level = {
      fail: spend(analysis.falseAlarms, options.attempt) / Math.max(1, analysis.signals.length),
      pass: analysis.falsePasses,
    };
    for (const signal of analysis.signals) this.#signals.set(signal.name, this.#begin(signal, level, from));
    this.#counted = [...this.#signals.values()].filter((one) => isCounted(one.signal));
    if (from !== null) this.#at = from.at;
  }

  static restore(options: RolloutAnalysisOptions, snapshot: RolloutAnalysisSnapshot): RolloutAnalysis {
    return new RolloutAnalysis(options, snapshot);
  }

  /** The last second that it was shown. */
  get at(): number {
    return this.#at;
  }

  /** All blocks of one finished second before the canary gets requests: what the service is like by itself. */
  learn(at: number, blocks: readonly Block[]): void {
    this.#at = at;
    this.#profile.see(at, blocks);
    for (const signal of this.#counted) signal.learn(at, blocks, this.#profile);
  }

  /** All blocks of one finished second since the canary gets requests. */
  update(at: number, blocks: readonly Block[]): void {
    this.#at = at;
    this.#profile.see(at, blocks);
    for (const signal of this.#counted) signal.update(at, blocks, this.#profile);
  }

  /** Counts of a polled source. */
  measured(signal: string, second: SignalSecond): void {
    this.#signals.get(signal)?.measured(second);
  }

  /** The verdict of {@link judge}, without its words. */
  get verdict(): Verdict {
    const verdicts: Verdict[] = [];
    for (const { verdict } of this.#signals.values()) if (verdict !== null) verdicts.push(verdict);
    return combinedVerdict(verdicts);
  }

  judge(): Judgement {
    return combine([...this.#signals.values()].flatMap((signal) => signal.judge()));
  }

  snapshot(): RolloutAnalysisSnapshot {
    const signals = Object.fromEntries([...this.#signals].map(([name, one]) => [name, one.snapshot()]));
    return { schema: 1, at: this.#at, signals, memory: this.#profile.memory() };
  }

  /** What is known now, for the next rollout. */
  memory(): AnalysisMemory {
    return this.#profile.memory();
  }

  #begin(
    signal: CompiledSignal,
    level: { readonly fail: number; readonly pass: number },
    from: RolloutAnalysisSnapshot | null,
  ): SignalAnalysis {
    const { stable, canary, slowMs = null } = this.options;
    return new SignalAnalysis({ signal, level, stable, canary, slowMs }, from?.signals[signal.name] ?? null);
  }
}

/** Counted by the target, request by request; the others are asked for now and then. */
function isCounted({ source }: CompiledSignal): boolean {
  return source.kind === "errors" || source.kind === "slow";
}

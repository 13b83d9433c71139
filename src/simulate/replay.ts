import { byTime } from "../core/analysis/by-time.js";
import { judgeGuards } from "../core/analysis/guard.js";
import { RolloutAnalysis } from "../core/analysis/rollout.js";
import type { Block, Judgement } from "../core/model/judgement.js";
import type { CompiledService, CompiledSignal } from "../spec/compiled.js";
import { comparisonBy, isCounted, leftOut } from "./part.js";

/** What was counted during a rollout, and before it. */
export interface Recorded {
  readonly stable: string | null;
  readonly canary: string;
  /** Engine milliseconds since which the canary got requests. */
  readonly since: number;
  readonly blocks: readonly Block[];
  /** Of one block: 1,000, or 60,000 where the seconds are gone. */
  readonly blockMs: number;
}

export interface ReplayResult {
  /** The first failing verdict; null: there is none. `afterMs` counts from the canary's first request. */
  readonly failed: {
    readonly afterMs: number;
    readonly by: "comparison" | "guard";
    readonly judgement: Judgement;
  } | null;
  /** When the comparison passed for the first time; null: never, or there is none. */
  readonly passedAfterMs: number | null;
  /** What the comparison said last; null: the spec has none. */
  readonly last: Judgement | null;
  /** The canary's bad requests until the failing verdict, or until the end. */
  readonly canary: { readonly errors: number; readonly total: number };
  readonly learnedMs: number;
  /** Signals that the record says nothing about. */
  readonly leftOut: readonly string[];
}

/** "Would this have caught it?": recorded counts through the analysis and the guards that the spec has now. */
export function replay(service: CompiledService, recorded: Recorded): ReplayResult {
  const { stable, canary, since, blockMs } = recorded;
  const slowMs = service.guards.find(({ signal }) => signal === "slow")?.slowMs ?? null;
  const keeps = recordedIn(recorded, slowMs);
  const counted = comparisonBy(service, keeps);
  const analysis =
    counted === null || stable === null
      ? null
      : new RolloutAnalysis({ analysis: counted, stable, canary, attempt: 1, memory: null, slowMs });
  const guards = new GuardWindow(service, recorded);
  const answered = { errors: 0, total: 0 };
  let passedAfterMs: number | null = null;
  let learned = 0;
  let failed: ReplayResult["failed"] = null;
  for (const [at, blocks] of byTime(recorded.blocks)) {
    if (at + blockMs <= since) {
      analysis?.learn(at, blocks);
      learned += blockMs;
      continue;
    }
    for (const block of blocks) {
      if (block.group !== canary) continue;
      answered.errors += block.errors;
      answered.total += block.total;
    }
    analysis?.update(at, blocks);
    const afterMs = at + blockMs - since;
    const compared = analysis?.verdict ?? null;
    if (compared === "pass") passedAfterMs ??= afterMs;
    const guarded = guards.judge(at + blockMs, blocks);
    if (analysis !== null && compared === "fail") failed = { afterMs, by: "comparison", judgement: analysis.judge() };
    else if (guarded.verdict === "fail") failed = { afterMs, by: "guard", judgement: guarded };
    if (failed !== null) break;
  }
  return {
    failed,
    passedAfterMs,
    last: analysis?.judge() ?? null,
    canary: answered,
    learnedMs: learned,
    leftOut: leftOut(service, keeps),
  };
}

/** Slow requests are counted from latencies; without, only by the very threshold that they were counted by then. */
function recordedIn({ blocks }: Recorded, slowMs: number | null): (signal: CompiledSignal) => boolean {
  const hasLatencies = blocks.some(({ latencies }) => latencies !== undefined);
  return (signal) => {
    if (signal.source.kind !== "slow") return isCounted(signal);
    return hasLatencies || (slowMs !== null && signal.source.slowerThanMs === slowMs);
  };
}

/** The seconds that a guard can still look at; what is older is past every guard's window. */
class GuardWindow {
  #canary: Block[] = [];
  #stable: Block[] = [];
  readonly #longestMs: number;

  constructor(
    private readonly service: CompiledService,
    private readonly recorded: Recorded,
  ) {
    this.#longestMs = service.guards.reduce((longest, { forMs }) => Math.max(longest, forMs), 0) + recorded.blockMs;
  }

  judge(now: number, blocks: readonly Block[]): Judgement {
    const { stable, canary, since } = this.recorded;
    const old = (block: Block) => block.at >= now - this.#longestMs;
    if ((this.#canary[0]?.at ?? now) < now - 2 * this.#longestMs) {
      this.#canary = this.#canary.filter(old);
      this.#stable = this.#stable.filter(old);
    }
    for (const block of blocks) {
      if (block.group === canary) this.#canary.push(block);
      else if (block.group === stable) this.#stable.push(block);
    }
    return judgeGuards(this.service.guards, { canary: this.#canary, stable: this.#stable, since, now });
  }
}

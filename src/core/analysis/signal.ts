import type { CompiledSignal } from "../../spec/compiled.js";
import type { GroupId } from "../model/intent.js";
import type { Block, SignalJudgement, Verdict } from "../model/judgement.js";
import { Comparison, type ComparisonSnapshot } from "./comparison.js";
import { bucketOf, countAbove, limitOf } from "./latency.js";
import { ENOUGH, type ServiceProfile } from "./profile.js";
import type { ReplicaCounts, SignalSecond } from "./second.js";

export interface SignalAnalysisOptions {
  readonly signal: CompiledSignal;
  readonly level: { readonly fail: number; readonly pass: number };
  readonly stable: GroupId | null;
  readonly canary: GroupId;
  readonly slowMs: number | null;
}

export interface SignalAnalysisSnapshot {
  readonly beside: ComparisonSnapshot | null;
  readonly alone: ComparisonSnapshot | null;
  readonly slowBucket: number | null;
  readonly leftOut: number;
  readonly warmUpMs: number | null;
  readonly stableAt: number | null;
  readonly inARow: number;
}

/** A threshold stays for the rollout, so as long as there is time more requests are waited for. */
const PLENTY = 2_000;
/**
 * After so long without requests to stable there is nothing to compare with; or after so many to the canary, which come
 * in a row only where stable has no share any more.
 */
const ALONE_AFTER_MS = 60_000;
const ALONE_AFTER_REQUESTS = 30;

/** One signal of a rollout: compared with stable while that answers, with its objective where nothing else does. */
export class SignalAnalysis {
  readonly signal: CompiledSignal;
  readonly #options: SignalAnalysisOptions;
  readonly #beside: Comparison | null;
  readonly #alone: Comparison | null;
  #slowBucket: number | null;
  #leftOut: number;
  #stableAt: number | null;
  /** Requests to the canary since stable had one. */
  #inARow: number;
  /** Known from the first second on in which the canary answers. */
  #warmUpMs: number | null;

  constructor(options: SignalAnalysisOptions, from: SignalAnalysisSnapshot | null) {
    const { signal, stable } = options;
    const { name, margin, objective, source } = signal;
    this.#options = options;
    this.signal = signal;
    const both = stable !== null && objective !== null;
    const level = { fail: both ? options.level.fail / 2 : options.level.fail, pass: options.level.pass };
    const settings = { signal: name, level, margin };
    this.#beside = stable === null ? null : new Comparison(settings, from?.beside ?? null);
    this.#alone = objective === null ? null : new Comparison({ ...settings, objective }, from?.alone ?? null);
    const fixed = source.kind === "slow" && source.slowerThanMs !== null ? bucketOf(source.slowerThanMs) : null;
    this.#slowBucket = from?.slowBucket ?? fixed;
    this.#leftOut = from?.leftOut ?? 0;
    this.#warmUpMs = from?.warmUpMs ?? null;
    this.#stableAt = from?.stableAt ?? null;
    this.#inARow = from?.inARow ?? 0;
  }

  learn(at: number, blocks: readonly Block[], profile: ServiceProfile): void {
    if (!this.#ready(profile, PLENTY)) return;
    this.#beside?.learn({ at, stable: this.#counts(at, blocks, this.#options.stable, profile), canary: [] });
  }

  update(at: number, blocks: readonly Block[], profile: ServiceProfile): void {
    if (!this.#ready(profile, ENOUGH)) return;
    const { stable, canary } = this.#options;
    this.measured({
      at,
      stable: this.#counts(at, blocks, stable, profile),
      canary: this.#counts(at, blocks, canary, profile),
    });
  }

  measured(second: SignalSecond): void {
    // A polled source names replicas that answered nothing, too.
    if (second.stable.some(({ total }) => total > 0)) {
      this.#stableAt = second.at;
      this.#inARow = 0;
    } else for (const { total } of second.canary) this.#inARow += total;
    this.#beside?.update(second);
    if (this.#alone === null) return;
    // Who never measured stable does not: a command without {{group}}.
    const never = this.#stableAt === null && (this.#beside === null || isPolled(this.signal));
    this.#stableAt ??= never ? null : second.at;
    const isGone = this.#stableAt !== null && second.at - this.#stableAt >= ALONE_AFTER_MS;
    if (never || isGone || this.#inARow >= ALONE_AFTER_REQUESTS) this.#alone.update({ ...second, stable: [] });
  }

  /** The verdict of {@link judge}, for a glance every second; null: nothing can be said. */
  get verdict(): Verdict | null {
    if (this.#beside === null && this.#alone === null) return null;
    if (this.signal.source.kind === "slow" && this.#slowBucket === null)
      return this.#beside === null ? null : "inconclusive";
    if (this.#alone?.verdict === "fail" || this.#beside === null || this.#isAlone())
      return this.#alone?.verdict ?? this.#beside?.verdict ?? null;
    return this.#beside.verdict;
  }

  /** None: without stable and without objective nothing can be said of it. */
  judge(): readonly SignalJudgement[] {
    const about = {
      slowerThanMs: this.signal.source.kind === "slow" ? this.#threshold() : null,
      warmUp: { ms: this.#warmUpMs ?? 0, requests: this.#leftOut },
    };
    if (this.#beside === null && this.#alone === null) return [];
    if (this.signal.source.kind === "slow" && this.#slowBucket === null)
      return this.#beside === null ? [] : [this.#unlearned()];
    const beside = this.#beside?.judge(about) ?? null;
    const alone = this.#alone?.judge(about) ?? null;
    if (beside === null) return alone === null ? [] : [alone];
    if (alone === null) return [beside];
    return [(alone.verdict === "fail" && beside.verdict !== "fail") || this.#isAlone() ? alone : beside];
  }

  /** A source that measures the canary only, or a stable group that never answered. */
  #isAlone(): boolean {
    return (
      this.#alone !== null && this.#beside !== null && !this.#beside.sawStable && this.#alone.verdict !== "no-data"
    );
  }

  snapshot(): SignalAnalysisSnapshot {
    return {
      beside: this.#beside?.snapshot() ?? null,
      alone: this.#alone?.snapshot() ?? null,
      slowBucket: this.#slowBucket,
      leftOut: this.#leftOut,
      warmUpMs: this.#warmUpMs,
      stableAt: this.#stableAt,
      inARow: this.#inARow,
    };
  }

  /** A threshold is learned before anything is counted by it, and stays for the rollout. */
  #ready(profile: ServiceProfile, enough: number): boolean {
    if (this.signal.source.kind !== "slow" || this.#slowBucket !== null) return true;
    if (this.#options.stable === null) return false;
    this.#slowBucket = profile.slowBucket(this.#options.stable, enough);
    return this.#slowBucket !== null;
  }

  #unlearned(): SignalJudgement {
    const sentence = `${this.signal.name}: too few of stable's requests were seen to say what slow is`;
    const none = { bad: 0, total: 0 };
    return { signal: this.signal.name, verdict: "inconclusive", canary: none, stable: null, sentence };
  }

  #threshold(): number | null {
    const { source } = this.signal;
    if (source.kind !== "slow") return null;
    if (this.#countsDirectly()) return source.slowerThanMs;
    return this.#slowBucket === null ? null : limitOf(this.#slowBucket);
  }

  /** The target counts by this very threshold; its buckets would round it up. */
  #countsDirectly(): boolean {
    const { source } = this.signal;
    return source.kind === "slow" && source.slowerThanMs !== null && source.slowerThanMs === this.#options.slowMs;
  }

  #counts(at: number, blocks: readonly Block[], group: GroupId | null, profile: ServiceProfile): ReplicaCounts[] {
    const counts: ReplicaCounts[] = [];
    const isCanary = group === this.#options.canary;
    for (const block of blocks) {
      if (block.group !== group || block.total === 0) continue;
      if (isCanary && this.#options.stable !== null)
        this.#warmUpMs ??= profile.warmUpMs(this.#options.stable, (age) => this.#badOf(age));
      if (this.#warmUpMs !== null && this.#warmUpMs > profile.ageMs(block.group, block.replica, at)) {
        if (isCanary) this.#leftOut += block.total;
        continue;
      }
      if (!this.#measures(block)) continue;
      counts.push({ replica: block.replica, bad: this.#badIn(block), total: this.#totalIn(block) });
    }
    return counts;
  }

  #measures(block: Block): boolean {
    return this.signal.source.kind !== "slow" || this.#countsDirectly() || block.latencies !== undefined;
  }

  /** Connections that were upgraded have no latency: they are neither quick nor slow. */
  #totalIn(block: Block): number {
    if (this.signal.source.kind !== "slow" || this.#countsDirectly()) return block.total;
    return countAbove(block.latencies ?? {}, -1);
  }

  #badIn(block: Block): number {
    return this.#countsDirectly() ? block.slow : this.#badOf(block);
  }

  #badOf({
    errors,
    latencies = {},
  }: Pick<Block, "errors" | "latencies"> | { errors: number; latencies: readonly number[] }): number {
    if (this.signal.source.kind === "errors") return errors;
    return this.#slowBucket === null ? 0 : countAbove(latencies, this.#slowBucket);
  }
}

function isPolled({ source }: CompiledSignal): boolean {
  return source.kind !== "errors" && source.kind !== "slow";
}

import type { RolloutAnalysis } from "../core/analysis/rollout.js";
import { combine, providerError } from "../core/analysis/seam.js";
import type { Block, Judgement, Verdict } from "../core/model/judgement.js";
import { GuardWindow, worse } from "./guard-window.js";
import { type SignalPoller, withTrouble } from "./poller.js";
import type { Subject } from "./subject.js";

const NONE: readonly Block[] = [];

/** What one rollout is judged by: its guards, its analysis, and the sources that are asked for it. */
export class RolloutWatch {
  readonly #guards: GuardWindow;
  #pollers: readonly SignalPoller[] = [];
  #analysed: Judgement | null = null;
  #whole: Judgement | null = null;
  #troubles = "";

  constructor(
    /** Renewed as the rollout goes on: only `since` changes. */
    public subject: Subject,
    /** Null: the spec has none. */
    readonly analysis: RolloutAnalysis | null,
  ) {
    this.#guards = new GuardWindow(subject.guards, subject.canary, subject.stable);
  }

  get polls(): boolean {
    return this.#pollers.length > 0;
  }

  /** One second that is over: before the new group gets requests the service is learned, from then on it is judged. */
  feed(at: number, blocks: readonly Block[] = NONE): void {
    const { since } = this.subject;
    const isNew = this.analysis !== null && at > this.analysis.at;
    if (since === null || at + 1_000 <= since) {
      if (isNew && blocks.length > 0) this.analysis?.learn(at, blocks);
      return;
    }
    if (isNew) this.analysis?.update(at, blocks);
    this.#guards.add(at, blocks);
    this.#forget();
  }

  begin(pollers: readonly SignalPoller[]): void {
    this.#pollers = pollers;
    this.#forget();
  }

  /** Takes in what sources answered; true when there was something. */
  poll(now: number): boolean {
    let heard = false;
    let troubles = "";
    for (const poller of this.#pollers) {
      for (const second of poller.take(now)) {
        this.analysis?.measured(poller.signal, second);
        heard = true;
      }
      troubles += poller.trouble(now)?.verdict ?? "-";
    }
    if (heard || troubles !== this.#troubles) this.#forget();
    this.#troubles = troubles;
    return heard;
  }

  /** The verdict of {@link judge}, cheaply. `problem`: the target's counts cannot be read. */
  verdict(now: number, problem: string | null): Verdict {
    if (problem !== null || this.#whole !== null) return this.judge(now, problem).verdict;
    const guarded = this.#guards.verdict(this.subject.since ?? now);
    if (this.analysis === null) return guarded;
    const isWhole = this.#analysed !== null || this.#isTroubled();
    return worse(guarded, isWhole ? this.#analyse(now).verdict : verdictOf(this.analysis));
  }

  judge(now: number, problem: string | null): Judgement {
    if (problem !== null) return unreadable(this.subject, problem);
    this.#whole ??= combine([
      ...this.#guards.judge(this.subject.since ?? now).signals,
      ...(this.analysis === null ? [] : this.#analyse(now).signals),
    ]);
    return this.#whole;
  }

  close(): void {
    for (const poller of this.#pollers) poller.close();
  }

  #analyse(now: number): Judgement {
    this.#analysed ??= this.#withTroubles(now);
    return this.#analysed;
  }

  #withTroubles(now: number): Judgement {
    const judgement = this.analysis?.judge() ?? combine([]);
    if (!this.#isTroubled()) return judgement;
    const troubles = new Map(this.#pollers.map((poller) => [poller.signal, poller.trouble(now)]));
    return combine(judgement.signals.map((one) => withTrouble(one, troubles.get(one.signal) ?? null)));
  }

  #isTroubled(): boolean {
    return this.#troubles.length > this.#pollers.length;
  }

  #forget(): void {
    this.#analysed = null;
    this.#whole = null;
  }
}

/** Without its sentences and intervals, where the analysis has it: they are for people, and a second has no time for them. */
function verdictOf(analysis: RolloutAnalysis & { readonly verdict?: Verdict }): Verdict {
  return analysis.verdict ?? analysis.judge().verdict;
}

/** Nothing is known of it: neither guards nor comparisons pass or fail (rule 7). */
export function unreadable({ guards, spec }: Subject, problem: string): Judgement {
  const signals = [...guards.map(({ signal }) => signal), ...(spec.analysis?.signals ?? []).map(({ name }) => name)];
  return providerError([...new Set(signals)], problem);
}

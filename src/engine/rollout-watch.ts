import type { RolloutAnalysis } from "../core/analysis/rollout.js";
import { combine, combinedVerdict, providerError } from "../core/analysis/seam.js";
import type { Block, Judgement, SignalJudgement, Verdict } from "../core/model/judgement.js";
import { GuardWindow } from "./guard-window.js";
import { type SignalPoller, withTrouble } from "./poller.js";
import type { Subject } from "./subject.js";

const NONE: readonly Block[] = [];

/** What one rollout is judged by: its guards, its analysis, and the sources that are asked for it. */
export class RolloutWatch {
  readonly #guards: GuardWindow;
  #pollers: readonly SignalPoller[] = [];
  #judged: Judgement | null = null;
  #troubles = "";

  constructor(
    /** Renewed as the rollout goes on: only `since` changes. */
    public subject: Subject,
    /** Null: the spec has none. */
    readonly analysis: RolloutAnalysis | null,
  ) {
    this.#guards = new GuardWindow(subject.guards, subject.canary, subject.stable);
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
    this.#judged = null;
  }

  begin(pollers: readonly SignalPoller[]): void {
    this.#pollers = pollers;
    this.#judged = null;
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
    if (heard || troubles !== this.#troubles) this.#judged = null;
    this.#troubles = troubles;
    return heard;
  }

  /** The verdict of {@link judge}, cheaply. `problem`: the target's counts cannot be read. */
  verdict(now: number, problem: string | null): Verdict {
    if (problem !== null || this.#judged !== null || this.#isTroubled()) return this.judge(now, problem).verdict;
    const guarded = this.#guards.verdict(this.subject.since ?? now);
    if (this.analysis === null) return guarded;
    const compared = this.analysis.verdict;
    return this.subject.isSideBySide || compared === "fail" ? combinedVerdict([guarded, compared]) : guarded;
  }

  judge(now: number, problem: string | null): Judgement {
    if (problem !== null) return unreadable(this.subject, problem);
    this.#judged ??= this.#combine(now);
    return this.#judged;
  }

  /** Ends what its pollers are about. */
  close(): void {
    for (const poller of this.#pollers) poller.close();
  }

  #combine(now: number): Judgement {
    const guarded = this.#guards.judge(this.subject.since ?? now).signals;
    const compared = this.#compare(now);
    if (this.subject.isSideBySide) return combine([...guarded, ...compared]);
    const judgement = combine([...guarded, ...compared.filter(({ verdict }) => verdict === "fail")]);
    return { ...judgement, signals: [...guarded, ...compared] };
  }

  #compare(now: number): readonly SignalJudgement[] {
    const signals = this.analysis?.judge().signals ?? [];
    if (!this.#isTroubled()) return signals;
    const troubles = new Map(this.#pollers.map((poller) => [poller.signal, poller.trouble(now)]));
    return signals.map((one) => withTrouble(one, troubles.get(one.signal) ?? null));
  }

  #isTroubled(): boolean {
    return this.#troubles.length > this.#pollers.length;
  }
}

/** Nothing is known of it: neither guards nor comparisons pass or fail (rule 7). */
export function unreadable({ guards, spec, isSideBySide }: Subject, problem: string): Judgement {
  const compared = isSideBySide ? (spec.analysis?.signals ?? []) : [];
  const signals = [...guards.map(({ signal }) => signal), ...compared.map(({ name }) => name)];
  return providerError([...new Set(signals)], problem);
}

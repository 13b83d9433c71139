import { judgeGuards } from "../core/analysis/guard.js";
import { combinedVerdict, type Evidence } from "../core/analysis/seam.js";
import type { Block, Judgement, Verdict } from "../core/model/judgement.js";
import type { Guard } from "../spec/compiled.js";
import { CountedSeconds } from "./counted-seconds.js";

/** What the guards of one rollout look at, second by second as far back as the longest of them, and in all. */
export class GuardWindow {
  readonly #canary: CountedSeconds;
  readonly #stable: CountedSeconds;
  readonly #compared: boolean;
  /** Engine milliseconds of the end of the last second. */
  #now = 0;

  constructor(
    private readonly guards: readonly Guard[],
    private readonly canary: string,
    private readonly stable: string | null,
  ) {
    const longest = guards.reduce((most, { forMs }) => Math.max(most, forMs), 0);
    this.#canary = new CountedSeconds(longest);
    this.#stable = new CountedSeconds(stable === null ? 0 : longest);
    this.#compared = stable !== null;
  }

  /** One second that is over since the new group gets requests. Never the same one twice, and never going back. */
  add(at: number, blocks: readonly Block[]): void {
    this.#now = at + 1_000;
    if (this.guards.length === 0) return;
    this.#canary.add(at, blocks, this.canary);
    if (this.#compared) this.#stable.add(at, blocks, this.stable);
  }

  /** The verdict of {@link judge}, without its sentences: this is asked for every second, of thousands of rollouts. */
  verdict(since: number): Verdict {
    const verdicts: Verdict[] = [];
    for (const guard of this.guards) {
      const verdict = this.#quickly(guard);
      if (verdict === null) return this.judge(since).verdict;
      verdicts.push(verdict);
    }
    return combinedVerdict(verdicts);
  }

  judge(since: number): Judgement {
    const evidence: Evidence = {
      canary: this.#canary.blocks(this.canary),
      stable: this.stable === null ? [] : this.#stable.blocks(this.stable),
      since,
      now: this.#now,
    };
    return judgeGuards(this.guards, evidence);
  }

  /** Null: the window is over the limit, or everything is; that is worth a closer look. */
  #quickly(guard: Guard): Verdict | null {
    const { signal, above, minSamples } = guard;
    const recent = this.#canary.since(this.#now - guard.forMs);
    if (signal === "restarts") return recent.restarts > above ? "fail" : "pass";
    const isOver = (sum: typeof recent) => sum.total > 0 && sum[signal] / sum.total > above;
    const all = this.#canary.all;
    if ((recent.total >= minSamples && isOver(recent)) || isOver(all)) return null;
    if (all.total === 0) return "no-data";
    return all.total < minSamples ? "inconclusive" : "pass";
  }
}

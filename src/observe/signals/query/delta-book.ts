import type { ReplicaCounts } from "../../../core/analysis/second.js";
import type { SignalCounts } from "../../../core/model/judgement.js";
import type { Measurement, ProbeSubject } from "../../../ports/signal-provider.js";
import { type Side, WHOLE_GROUP } from "../groups.js";
import { unanswered } from "../unanswered.js";

/** Counts since the last query. The first answer, or one after a long time, is of a time that nobody looked at. */
export class DeltaBook {
  #at: number | null = null;

  constructor(private readonly staleMs: number) {}

  /** The next answers begin anew. */
  interrupt(): void {
    this.#at = null;
  }

  add(
    now: number,
    counts: Readonly<Record<Side, SignalCounts | null>>,
    subject: Pick<ProbeSubject, "canary">,
    source: string,
  ): Measurement {
    const from = this.#at;
    this.#at = now;
    const second = { stable: replicas(counts.stable), canary: replicas(counts.canary) };
    if (counts.canary === null)
      return { kind: "no-data", sentence: `${source} has no counts of the new group ${subject.canary}` };
    const counted = from !== null && now - from <= this.staleMs;
    return { kind: "data", intervals: counted ? [{ at: from, ...second }] : [] };
  }
}

function replicas(counts: SignalCounts | null): readonly ReplicaCounts[] {
  if (counts === null) return [];
  if (counts.bad > counts.total) throw unanswered(`${counts.bad} bad of ${counts.total} in all cannot be`);
  return [{ replica: WHOLE_GROUP, ...counts }];
}

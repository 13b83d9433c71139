import type { SignalCounts } from "../model/judgement.js";
import type { ReplicaCounts } from "./second.js";

/** More of a canary's replicas are counted together. */
const REPLICAS = 64;

export interface TallySnapshot {
  readonly canary: SignalCounts;
  readonly stable: SignalCounts;
  readonly replicas: readonly ReplicaCounts[];
  readonly seconds: number;
  /** Engine time of the canary's first request and of the last second after it; null: none yet. */
  readonly span: { readonly from: number; readonly to: number } | null;
}

/** What was compared so far. */
export class Tally {
  #canary = { bad: 0, total: 0 };
  #stable = { bad: 0, total: 0 };
  #seconds = 0;
  #span: { from: number; to: number } | null = null;
  readonly #replicas = new Map<string, { bad: number; total: number }>();

  constructor(from: TallySnapshot | null) {
    if (from === null) return;
    this.#canary = { ...from.canary };
    this.#stable = { ...from.stable };
    this.#seconds = from.seconds;
    this.#span = from.span === null ? null : { ...from.span };
    for (const { replica, bad, total } of from.replicas) this.#replicas.set(replica, { bad, total });
  }

  get canary(): SignalCounts {
    return { ...this.#canary };
  }
  get stable(): SignalCounts {
    return { ...this.#stable };
  }
  /** Seconds in which both groups had requests. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Seconds since the canary's first request, those without any included. */
  get elapsed(): number {
    return this.#span === null ? 0 : (this.#span.to - this.#span.from) / 1_000 + 1;
  }

  add(at: number, k1: number, n1: number, k2: number, n2: number, canary: readonly ReplicaCounts[]): void {
    this.#stable.bad += k1;
    this.#stable.total += n1;
    this.#canary.bad += k2;
    this.#canary.total += n2;
    if (n1 > 0 && n2 > 0) this.#seconds++;
    if (this.#span !== null) this.#span.to = at;
    else if (n2 > 0) this.#span = { from: at, to: at };
    for (const { replica, bad, total } of canary) {
      const name = this.#replicas.has(replica) || this.#replicas.size < REPLICAS ? replica : "others";
      const counts = this.#replicas.get(name);
      if (counts === undefined) this.#replicas.set(name, { bad, total });
      else {
        counts.bad += bad;
        counts.total += total;
      }
    }
  }

  /** The replica of several that most bad requests come from; null: there is one only. */
  worstReplica(): (ReplicaCounts & { readonly of: number }) | null {
    if (this.#replicas.size < 2) return null;
    let worst: ReplicaCounts | null = null;
    for (const [replica, counts] of this.#replicas)
      if (worst === null || counts.bad > worst.bad) worst = { replica, ...counts };
    return worst === null ? null : { ...worst, of: this.#replicas.size };
  }

  snapshot(): TallySnapshot {
    const replicas = [...this.#replicas].map(([replica, counts]) => ({ replica, ...counts }));
    const span = this.#span === null ? null : { ...this.#span };
    return { canary: this.canary, stable: this.stable, replicas, seconds: this.#seconds, span };
  }
}

import type { ReplicaCounts, SignalSecond } from "../../core/analysis/second.js";
import { SIDES, type Side } from "./groups.js";
import { unanswered } from "./unanswered.js";

/** Where one cumulative counter stands. */
export interface Reading {
  /** Names the counter among those of its group and field: its labels. */
  readonly series: string;
  readonly replica: string;
  readonly field: "bad" | "total";
  readonly value: number;
}

interface Kept extends Reading {
  readonly at: number;
}

type Page = ReadonlyMap<string, Kept>;

/** From here on, a counter that goes back by less than a tenth did not begin anew: two servers take turns answering. */
const WORTH_A_DOUBT = 100;
const SLIP = 0.1;

/**
 * Makes counts of cumulative counters, by differences of one counter at a time, so nothing is extrapolated:
 * - A counter that went back began anew, and counts from zero, as Prometheus' `rate` has it.
 * - The first sight of a replica is where it stands, and counts nothing; a further counter of a known replica
 *   (the first answer with status 500) began after the last look, and counts from zero.
 * - What was last seen longer than `staleMs` ago is forgotten: time in which nobody looked is no time observed.
 * A look that is refused leaves everything as it was, so the next one spans both.
 */
export class CounterBook {
  #pages: Readonly<Record<Side, Page>> = { stable: new Map(), canary: new Map() };
  #at: number | null = null;

  constructor(private readonly staleMs: number) {}

  /** Whether this group had counters within `staleMs`. */
  knows(side: Side, now: number): boolean {
    return [...this.#pages[side].values()].some((kept) => this.fresh(kept, now));
  }

  /**
   * The interval since the last look; null for the first look, or the first after a long time. Rejects counts that
   * cannot be (`signal-no-answer`).
   */
  advance(now: number, readings: Readonly<Record<Side, readonly Reading[]>>): SignalSecond | null {
    const from = this.#at !== null && now - this.#at <= this.staleMs ? this.#at : null;
    const stable = this.#turn("stable", now, readings.stable);
    const canary = this.#turn("canary", now, readings.canary);
    for (const side of SIDES) refuseImpossible(side, side === "stable" ? stable.counts : canary.counts);
    this.#pages = { stable: stable.page, canary: canary.page };
    this.#at = now;
    return from === null ? null : { at: from, stable: stable.counts, canary: canary.counts };
  }

  #turn(side: Side, now: number, readings: readonly Reading[]): { page: Page; counts: readonly ReplicaCounts[] } {
    const before = new Map([...this.#pages[side]].filter(([, kept]) => this.fresh(kept, now)));
    const known = new Set([...before.values()].filter(({ field }) => field === "total").map(({ replica }) => replica));
    const page = new Map<string, Kept>();
    const counts = new Map<string, { replica: string; bad: number; total: number }>();
    const restarted = new Set<string>();
    for (const reading of readings) {
      const key = `${reading.field} ${reading.series}`;
      const last = before.get(key);
      const since = last?.value ?? (known.has(reading.replica) ? 0 : null);
      page.set(key, { ...reading, at: now });
      if (since === null) continue;
      const count = counts.get(reading.replica) ?? { replica: reading.replica, bad: 0, total: 0 };
      counts.set(reading.replica, count);
      if (reading.value >= since) count[reading.field] += reading.value - since;
      else if (slipped(since, reading.value)) page.set(key, { ...reading, value: since, at: now });
      else {
        count[reading.field] += reading.value;
        restarted.add(reading.replica);
      }
    }
    // A process that began anew has not counted its first error yet; its earlier ones are gone.
    for (const [key, kept] of before) if (!page.has(key) && !restarted.has(kept.replica)) page.set(key, kept);
    return { page, counts: [...counts.values()].filter(({ replica }) => known.has(replica)) };
  }

  private fresh(kept: Kept, now: number): boolean {
    return now - kept.at <= this.staleMs;
  }
}

function slipped(before: number, now: number): boolean {
  return before >= WORTH_A_DOUBT && now >= before * (1 - SLIP);
}

function refuseImpossible(side: Side, counts: readonly ReplicaCounts[]): void {
  const wrong = counts.find(({ bad, total }) => bad > total);
  if (wrong !== undefined)
    throw unanswered(
      `${wrong.bad} bad of ${wrong.total} in all at replica ${wrong.replica} of ${side === "canary" ? "the new group" : "stable"}: "bad" and "total" do not count the same things`,
    );
}

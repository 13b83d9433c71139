import { ErrorRace, type RaceOptions, type RaceSnapshot } from "./race.js";
import type { ReplicaCounts } from "./second.js";

/** So many of stable's replicas are tried at a time. */
const CELLS = 8;
/** A cell whose replica was not seen for so long is given to another one. */
const FORGET_MS = 60_000;
/** A lone replica is compared with itself so many seconds ago. */
const LAG = 60;
/** Innocent, independent traffic reaches about this much by chance, among two replicas. */
const BY_CHANCE = 1.5;

export interface PlaceboSnapshot {
  readonly worst: number;
  readonly learnedMs: number;
  /** Null: nothing was seen. */
  readonly at: number | null;
  readonly cells: readonly { readonly replica: string; readonly seen: number; readonly race: RaceSnapshot }[];
  readonly lag: readonly number[];
  readonly lone: RaceSnapshot | null;
}

interface Cell {
  replica: string;
  seen: number;
  race: ErrorRace;
}

/**
 * The same test on the innocent: each of stable's replicas against the others, before the rollout and during it. What
 * it reaches there, dependence alone can reach: bursts, clusters, drift, a slower machine. In independent traffic it
 * reaches next to nothing (Ville). The idea is the in-space placebo of Abadie, Diamond & Hainmueller (2010).
 */
export class Placebo {
  #cells: Cell[] = [];
  #worst = 0;
  #learnedMs = 0;
  #at: number | null = null;
  #lag: number[] = [];
  #lone: ErrorRace | null = null;

  constructor(private readonly options: RaceOptions) {}

  static restore(options: RaceOptions, snapshot: PlaceboSnapshot): Placebo {
    const placebo = new Placebo(options);
    placebo.#worst = snapshot.worst;
    placebo.#learnedMs = snapshot.learnedMs;
    placebo.#at = snapshot.at;
    placebo.#cells = snapshot.cells.map(({ replica, seen, race }) => {
      return { replica, seen, race: ErrorRace.restore(options, race) };
    });
    placebo.#lag = [...snapshot.lag];
    placebo.#lone = snapshot.lone === null ? null : ErrorRace.restore(options, snapshot.lone);
    return placebo;
  }

  snapshot(): PlaceboSnapshot {
    return {
      worst: this.#worst,
      learnedMs: this.#learnedMs,
      at: this.#at,
      cells: this.#cells.map(({ replica, seen, race }) => ({ replica, seen, race: race.snapshot() })),
      lag: [...this.#lag],
      lone: this.#lone?.snapshot() ?? null,
    };
  }

  /** Time with requests to stable that it was shown, in milliseconds. */
  get learnedMs(): number {
    return this.#learnedMs;
  }

  /** The most evidence against an innocent replica beyond chance, as a logarithm; never negative, never falls. */
  get beyondChance(): number {
    return Math.max(0, this.#worst - BY_CHANCE - Math.max(0, Math.log(this.#cells.length / 2)));
  }

  /** One second of stable's replicas; `bad` and `total` are their sums. */
  update(at: number, stable: readonly ReplicaCounts[], bad: number, total: number): void {
    if (total === 0) return;
    this.#learnedMs += this.#at === null ? 1_000 : Math.min(at - this.#at, 60_000);
    this.#at = at;
    if (stable.length === 1 && !this.#hasOthers(stable[0]?.replica ?? "", at)) this.#alone(at, bad, total);
    for (let i = 0; i < stable.length; i++) {
      const counts = stable[i] as ReplicaCounts;
      // Replicas mostly come in the same order.
      const guess = this.#cells[i];
      const cell = guess?.replica === counts.replica ? guess : this.#cellOf(counts.replica, at);
      if (cell === null) continue;
      cell.seen = at;
      this.#try(cell, at, bad - counts.bad, total - counts.total, counts.bad, counts.total);
    }
    // In little traffic one answers now, another one later: what the others did waits for a replica's next request.
    if (stable.length < this.#cells.length)
      for (const cell of this.#cells)
        if (cell.seen !== at && at - cell.seen <= FORGET_MS) this.#try(cell, at, bad, total, 0, 0);
  }

  #try({ race }: Cell, at: number, k1: number, n1: number, k2: number, n2: number): void {
    race.update(at, k1, n1, k2, n2);
    if (race.highest > this.#worst) this.#worst = race.highest;
  }

  /** Whether another replica was seen lately. */
  #hasOthers(replica: string, at: number): boolean {
    return this.#cells.some((cell) => cell.replica !== replica && at - cell.seen <= FORGET_MS);
  }

  #cellOf(replica: string, at: number): Cell | null {
    for (const cell of this.#cells) if (cell.replica === replica) return cell;
    if (this.#cells.length >= CELLS) {
      const free = this.#cells.findIndex((cell) => at - cell.seen > FORGET_MS);
      if (free < 0) return null;
      this.#cells.splice(free, 1);
    }
    const cell = { replica, seen: at, race: new ErrorRace(this.options) };
    this.#cells.push(cell);
    return cell;
  }

  /** Time instead of space: also what hits everybody counts as dependence here, so it is the more careful of the two. */
  #alone(at: number, bad: number, total: number): void {
    this.#lone ??= new ErrorRace(this.options);
    const before = this.#lag.length >= 2 * LAG ? this.#lag.splice(0, 2) : null;
    if (before !== null) this.#lone.update(at, before[0] ?? 0, before[1] ?? 0, bad, total);
    this.#lag.push(bad, total);
    if (this.#lone.highest > this.#worst) this.#worst = this.#lone.highest;
  }
}

/** Plain JSON. */
export interface AccountSnapshot {
  readonly sum: number;
  readonly short: WindowSnapshot;
  readonly long: WindowSnapshot;
  readonly weights: readonly number[];
  /** With the last surcharge. */
  readonly needed: number;
  readonly reached: number | null;
}

interface WindowSnapshot {
  /** Null: none yet. */
  readonly index: number | null;
  readonly won: number;
}

export interface AccountOptions {
  /** ln(1 / level): what independent requests would need. */
  readonly needed: number;
  readonly windowMs: number;
  /** Harm that comes and goes within a short window shows from one long one to the next. */
  readonly longMs: number;
  /** A decision needs evidence from at least so many windows. */
  readonly windows: number;
}

/** Weights of short windows, of long ones, and of not betting at all. */
const BEGIN: readonly number[] = [0.8, 0.15, 0.05];
/** Of the weights, what is dealt anew for each short window. */
const DEALT = 0.002;
/** What the mixture costs is given back to each window, or the smallest number of them would just not decide. */
const MIXED = 0.15;

/**
 * Evidence that is still believed after real traffic was looked at: what is needed grows with what innocent replicas
 * reached, and no window of time gives more than its part of it. Both only ever take from a martingale (the lesser of a
 * martingale and a constant is a supermartingale), so the level holds where it held before. The test gives back all that
 * it won in a burst, and a window takes a part of that only: so windows of two lengths and cash are mixed with fixed
 * share, and what was given back is no debt that later harm would have to pay first.
 */
export class Account {
  #sum = 0;
  #short = new Window();
  #long = new Window();
  #weights = [...BEGIN];
  #needed: number;
  /** Engine time at which the sum reached what was needed; null: it did not. */
  reachedAt: number | null = null;

  constructor(private readonly options: AccountOptions) {
    this.#needed = options.needed;
  }

  static restore(options: AccountOptions, snapshot: AccountSnapshot): Account {
    const account = new Account(options);
    account.#sum = snapshot.sum;
    account.#short = new Window(snapshot.short);
    account.#long = new Window(snapshot.long);
    account.#weights = [...snapshot.weights];
    account.#needed = snapshot.needed;
    account.reachedAt = snapshot.reached;
    return account;
  }

  snapshot(): AccountSnapshot {
    return {
      sum: this.#sum,
      short: this.#short.snapshot(),
      long: this.#long.snapshot(),
      weights: [...this.#weights],
      needed: this.#needed,
      reached: this.reachedAt,
    };
  }

  get evidence(): number {
    return this.#sum;
  }

  get needed(): number {
    return this.#needed;
  }

  /** The most that it takes per second, on average over windows. */
  get fastest(): number {
    return (1_000 * this.#needed) / (this.options.windows * this.options.windowMs);
  }

  /** `gain`: what the test won in the second that begins at `at`; `surcharge`: what dependence adds to the need. */
  add(at: number, gain: number, surcharge: number): void {
    const { needed, windowMs, longMs, windows } = this.options;
    this.#needed = needed + surcharge;
    const most = this.#needed / windows + MIXED;
    const isNew = this.#short.turn(at, windowMs);
    this.#long.turn(at, longMs);
    if (gain === 0 && !isNew) return;
    const [short = 0, long = 0, cash = 0] = this.#weights;
    // Two gains and none; exponents are taken below the greatest, which `most` bounds.
    const [one, other] = [this.#short.take(gain, most), this.#long.take(gain, most)];
    const base = Math.max(one, other, 0);
    const next = [short * Math.exp(one - base), long * Math.exp(other - base), cash * Math.exp(-base)];
    const all = (next[0] as number) + (next[1] as number) + (next[2] as number);
    const dealt = isNew ? DEALT : 0;
    this.#weights = next.map((weight) => Math.max(LEAST, ((1 - dealt) * weight) / all + dealt / 3));
    this.#sum += base + Math.log(all);
    if (this.reachedAt === null && this.#sum >= this.#needed - 1e-9) this.reachedAt = at + 1_000;
  }
}

/** A weight that underflowed would never come back. */
const LEAST = 1e-280;

/** What was won since the window began. */
class Window {
  #index: number | null;
  #won: number;

  constructor({ index, won }: WindowSnapshot = { index: null, won: 0 }) {
    this.#index = index;
    this.#won = won;
  }

  snapshot(): WindowSnapshot {
    return { index: this.#index, won: this.#won };
  }

  /** True when another one begins at `at`. */
  turn(at: number, lengthMs: number): boolean {
    const index = Math.floor(at / lengthMs);
    if (index === this.#index) return false;
    this.#index = index;
    this.#won = 0;
    return true;
  }

  /** What of the gain counts. */
  take(gain: number, most: number): number {
    const before = Math.min(this.#won, most);
    this.#won += gain;
    return Math.min(this.#won, most) - before;
  }
}

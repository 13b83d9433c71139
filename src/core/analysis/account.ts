/** Plain JSON. */
export interface AccountSnapshot {
  readonly sum: number;
  /** Null: none yet. */
  readonly window: number | null;
  readonly inWindow: number;
  /** With the last surcharge. */
  readonly needed: number;
  readonly reached: number | null;
}

export interface AccountOptions {
  /** ln(1 / level): what independent requests would need. */
  readonly needed: number;
  readonly windowMs: number;
  /** A decision needs evidence from at least so many windows. */
  readonly windows: number;
}

/**
 * Evidence that is still believed after real traffic was looked at: what is needed grows with what innocent replicas
 * reached, and no window of time gives more than its part of it. Both only ever take from a martingale (the lesser of a
 * martingale and a constant is a supermartingale), so the level holds where it held before.
 */
export class Account {
  #sum = 0;
  #window: number | null = null;
  #inWindow = 0;
  #needed: number;
  /** Engine time at which the sum reached what was needed; null: it did not. */
  reachedAt: number | null = null;

  constructor(private readonly options: AccountOptions) {
    this.#needed = options.needed;
  }

  static restore(options: AccountOptions, snapshot: AccountSnapshot): Account {
    const account = new Account(options);
    account.#sum = snapshot.sum;
    account.#window = snapshot.window;
    account.#inWindow = snapshot.inWindow;
    account.#needed = snapshot.needed;
    account.reachedAt = snapshot.reached;
    return account;
  }

  snapshot(): AccountSnapshot {
    return {
      sum: this.#sum,
      window: this.#window,
      inWindow: this.#inWindow,
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
    const { needed, windowMs, windows } = this.options;
    this.#needed = needed + surcharge;
    const window = Math.floor(at / windowMs);
    if (window !== this.#window) {
      this.#window = window;
      this.#inWindow = 0;
    }
    const most = this.#needed / windows;
    const before = Math.min(this.#inWindow, most);
    this.#inWindow += gain;
    this.#sum += Math.min(this.#inWindow, most) - before;
    if (this.reachedAt === null && this.#sum >= this.#needed - 1e-9) this.reachedAt = at + 1_000;
  }
}

/** For so long traffic is learned; what was not learned is charged. */
const LEARNING_MS = 45 * 60_000;

export interface Slopes {
  readonly steep: number;
  readonly flat: number;
  /** Of traffic that nobody has seen yet: the charge, and how long a canary has to be out until it is charged in full. */
  readonly unlearned: { readonly most: number; readonly risesMs: number };
}

/** How much of stable's traffic was seen, and for how long the canary answers, in milliseconds. */
export interface Experience {
  readonly learnedMs: number;
  readonly exposedMs: number;
}

/**
 * What dependence adds to the need: `beyondChance` of the placebo, for a canary that gets `size` times the requests of
 * one of stable's replicas. A steep part for little, a flatter one for much (calibrated: docs/benchmarks.md). As long
 * as little of the traffic was seen, it counts as bursting; and a burst comes the likelier, the longer one waits for it.
 */
export function surcharge(beyondChance: number, size: number, experience: Experience, slopes: Slopes): number {
  const { most, risesMs } = slopes.unlearned;
  const unlearned = Math.max(0, 1 - experience.learnedMs / LEARNING_MS);
  const exposed = risesMs === 0 ? 1 : Math.min(1, experience.exposedMs / risesMs);
  const x = size * beyondChance + most * unlearned * exposed;
  return slopes.flat * x + (slopes.steep - slopes.flat) * Math.min(x, 3);
}

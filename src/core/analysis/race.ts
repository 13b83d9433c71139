import { ExactExperts } from "./exact.js";

/** Plain JSON: what an {@link ErrorRace} has seen. */
export interface RaceSnapshot {
  readonly log: number;
  readonly highest: number;
  readonly weights: readonly number[];
  readonly pending: readonly number[];
  readonly seen: readonly number[];
}

/** A group that waits longer than this for a request in the other one begins a new block. */
const LONGEST_BLOCK_MS = 900_000;
/** A weight that underflowed would never come back. */
const LEAST_WEIGHT = 1e-280;

export interface RaceOptions {
  /** Ratios of rates that are bet on: above 1 that the second group is worse, below 1 that it is not. */
  readonly ratios: readonly number[];
  /** The null hypothesis: p2 <= p1 + margin (ratios above 1), p2 >= p1 + margin (below 1). */
  readonly margin: number;
  /** How much of the weight is dealt anew after each block with an error, so that harm that begins late is found. */
  readonly share: number;
}

/**
 * An e-process for two groups of requests, the "error race": in each block, with n1, n2 requests of which k1, k2 are bad,
 *
 *     log S = k2 ln u + k1 ln r - n2 (u - 1) margin,   u = w (n1 + n2) / (n1 + n2 w),   r = (n1 + n2) / (n1 + n2 w)
 *
 * is at most 1 in expectation whatever the common rate of the block is, since n1 (r - 1) + n2 (u - 1) = 0 and
 * (1 + p (u - 1))^n <= exp(n p (u - 1)). So nothing about the rates has to be estimated, and they may vary from second
 * to second. The product over blocks, mixed over the ratios w with fixed share (Herbster & Warmuth 1998), exceeds 1 / α
 * ever with probability α at most (Ville). Where rates pass 10 % the bound on (1 + p (u - 1))^n is loose and exact
 * e-variables (Turner, Ly & Grünwald 2022) join the mixture.
 */
export class ErrorRace {
  readonly #options: RaceOptions;
  readonly #exact: ExactExperts;
  readonly #weights: Float64Array;
  readonly #gains: Float64Array;
  readonly #logRatios: Float64Array;
  #log = 0;
  #highest = 0;
  #n1 = 0;
  #n2 = 0;
  #k1 = 0;
  #k2 = 0;
  #since = 0;

  constructor(options: RaceOptions) {
    this.#options = options;
    this.#exact = new ExactExperts(options.margin, (options.ratios[0] ?? 0) > 1 ? "worse" : "not-worse");
    const experts = options.ratios.length + this.#exact.count + 1;
    this.#weights = new Float64Array(experts).fill(1 / experts);
    this.#gains = new Float64Array(experts);
    this.#logRatios = Float64Array.from(options.ratios, Math.log);
  }

  static restore(options: RaceOptions, snapshot: RaceSnapshot): ErrorRace {
    const race = new ErrorRace(options);
    race.#log = snapshot.log;
    race.#highest = snapshot.highest;
    race.#weights.set(snapshot.weights);
    [race.#n1 = 0, race.#k1 = 0, race.#n2 = 0, race.#k2 = 0, race.#since = 0] = snapshot.pending;
    race.#exact.recall(snapshot.seen);
    return race;
  }

  snapshot(): RaceSnapshot {
    return {
      log: this.#log,
      highest: this.#highest,
      weights: [...this.#weights],
      pending: [this.#n1, this.#k1, this.#n2, this.#k2, this.#since],
      seen: this.#exact.seen(),
    };
  }

  /** Natural logarithm of the e-value now. */
  get log(): number {
    return this.#log;
  }

  /** The highest it ever was. */
  get highest(): number {
    return this.#highest;
  }

  /** Counts of one second; returns what they added to `log`. Seconds without requests in both groups become one block. */
  update(at: number, k1: number, n1: number, k2: number, n2: number): number {
    if (this.#n1 + this.#n2 === 0) this.#since = at;
    else if (at - this.#since > LONGEST_BLOCK_MS) {
      this.#n1 = this.#k1 = this.#n2 = this.#k2 = 0;
      this.#since = at;
    }
    this.#n1 += n1;
    this.#k1 += k1;
    this.#n2 += n2;
    this.#k2 += k2;
    if (this.#n1 === 0 || this.#n2 === 0) return 0;
    const gain = this.#block(this.#k1, this.#n1, this.#k2, this.#n2);
    this.#n1 = this.#k1 = this.#n2 = this.#k2 = 0;
    this.#log += gain;
    if (this.#log > this.#highest) this.#highest = this.#log;
    return gain;
  }

  #block(k1: number, n1: number, k2: number, n2: number): number {
    const { ratios, margin, share } = this.#options;
    const gains = this.#gains;
    const weights = this.#weights;
    const errors = k1 + k2 > 0;
    const exact = this.#exact.block(k1, n1, k2, n2, gains, ratios.length);
    if (!errors && margin === 0 && !exact) return 0;
    const all = n1 + n2;
    let most = 0;
    for (let j = 0; j < ratios.length; j++) {
      const w = ratios[j] as number;
      const r = all / (n1 + n2 * w);
      let gain = -n2 * (w * r - 1) * margin;
      if (errors) {
        const ln = Math.log(r);
        gain += k2 * (this.#logRatios[j] as number) + (k1 + k2) * ln;
      }
      gains[j] = gain;
      if (gain > most) most = gain;
    }
    // The last expert never bets: what it holds cannot be lost.
    const cash = gains.length - 1;
    if (exact) for (let j = ratios.length; j < cash; j++) most = Math.max(most, gains[j] as number);
    let sum = 0;
    for (let j = 0; j <= cash; j++) {
      const next = (weights[j] as number) * Math.exp((gains[j] as number) - most);
      weights[j] = next;
      sum += next;
    }
    const dealt = errors ? share : 0;
    const keep = (1 - dealt) / sum;
    const anew = Math.max(dealt / weights.length, LEAST_WEIGHT);
    for (let j = 0; j <= cash; j++) weights[j] = (weights[j] as number) * keep + anew;
    return most + Math.log(sum);
  }
}

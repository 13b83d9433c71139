import { bucketOf, LATENCY_BUCKETS } from "../core/analysis/latency.js";
import type { Block } from "../core/model/judgement.js";
import { Random } from "./random.js";

/** Shares of requests, 0..1. */
export interface BadShares {
  readonly errors: number;
  readonly slow: number;
}

export interface TrafficOptions {
  readonly requestsPerSecond: number;
  /** What both releases have. */
  readonly base: BadShares;
  /** What the new release has on top of it. */
  readonly harm: BadShares;
  /**
   * Each replica for itself is {@link BURST} times as bad as at other times for so long on average, every ten minutes on
   * average; the base is what that comes to.
   */
  readonly burstMs: number | null;
}

export const BURST = 20;
const BURST_GAP_MS = 600_000;
/** No threshold that anybody states or learns lies above the last bucket: what falls into it is slow by all of them. */
const SLOW = LATENCY_BUCKETS - 1;
const QUICK = bucketOf(20);
/** As many pairs of counts are kept, and none with so many slow ones. */
const PAIRS = 4_096;

interface Weather {
  bursting: boolean;
  /** Engine milliseconds at which it changes. */
  until: number;
}

/** One replica's part in the requests of one second. */
export interface Part {
  readonly at: number;
  readonly group: string;
  readonly replica: string;
  readonly isNew: boolean;
  /** Requests per second that reach it. */
  readonly mean: number;
}

/**
 * Seeded requests, Poisson in number. Bad ones are drawn for the base and for the harm apart, so who was harmed is known
 * and not estimated.
 */
export class Requests {
  /** Answered by the new release; and of these, bad because it is new. */
  answered = 0;
  harmed = 0;
  #random: Random;
  readonly #latencies = new Map<number, Readonly<Record<number, number>>>();
  readonly #weather = new Map<string, Weather>();

  constructor(
    readonly options: TrafficOptions,
    seed: number,
  ) {
    this.#random = new Random(seed);
  }

  /** From here on other draws, whatever was drawn before; no replica is in a burst. */
  begin(seed: number): void {
    this.#random = new Random(seed);
    this.#weather.clear();
  }

  /** Null: there was none. */
  of({ at, group, replica, isNew, mean }: Part): Block | null {
    const { base, harm } = this.options;
    const random = this.#random;
    const factor = this.#factor(replica, at);
    const harmedErrors = isNew ? Math.min(1, harm.errors) : 0;
    const errors = Math.min(1 - harmedErrors, base.errors * factor);
    const harmedSlow = isNew ? Math.min(1 - errors - harmedErrors, harm.slow) : 0;
    const slow = Math.min(1 - errors - harmedErrors - harmedSlow, base.slow * factor);
    const newErrors = random.poisson(mean * harmedErrors);
    const newSlow = random.poisson(mean * harmedSlow);
    const bad = newErrors + random.poisson(mean * errors);
    const late = newSlow + random.poisson(mean * slow);
    const total = bad + late + random.poisson(mean * (1 - errors - harmedErrors - harmedSlow - slow));
    if (isNew) {
      this.answered += total;
      this.harmed += newErrors + newSlow;
    }
    if (total === 0) return null;
    const latencies = this.#latenciesOf(total - late, late);
    return { at, group, replica, total, errors: bad, slow: late, restarts: 0, latencies };
  }

  /** Few pairs come again and again; nobody changes a block. */
  #latenciesOf(quick: number, late: number): Readonly<Record<number, number>> {
    const pair = quick * PAIRS + late;
    const known = this.#latencies.get(pair);
    if (known !== undefined) return known;
    const latencies = late === 0 ? { [QUICK]: quick } : { [QUICK]: quick, [SLOW]: late };
    if (late < PAIRS && this.#latencies.size < PAIRS) this.#latencies.set(pair, latencies);
    return latencies;
  }

  #factor(replica: string, at: number): number {
    const { burstMs } = this.options;
    if (burstMs === null) return 1;
    const weather = this.#weather.get(replica) ?? {
      bursting: false,
      until: at + this.#random.exponential(BURST_GAP_MS),
    };
    this.#weather.set(replica, weather);
    while (weather.until <= at) {
      weather.bursting = !weather.bursting;
      weather.until += this.#random.exponential(weather.bursting ? burstMs : BURST_GAP_MS);
    }
    const calm = 1 / (1 + ((BURST - 1) * burstMs) / (BURST_GAP_MS + burstMs));
    return weather.bursting ? BURST * calm : calm;
  }
}

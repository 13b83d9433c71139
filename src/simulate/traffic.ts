import { bucketOf, LATENCY_BUCKETS } from "../core/analysis/latency.js";
import type { Block } from "../core/model/judgement.js";
import type { SignalReading, SignalSource } from "../ports/target.js";
import type { ModelEnvironment } from "../targets/model/environment.js";
import type { ModelGroup } from "../targets/model/group.js";
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
  /** Each replica for itself has {@link BURST} times the base for so long on average, every ten minutes on average. */
  readonly burstMs: number | null;
}

const BURST = 20;
const BURST_GAP_S = 600;
/** No threshold that anybody states or learns lies above the last bucket: what falls into it is slow by all of them. */
const SLOW = LATENCY_BUCKETS - 1;
const QUICK = bucketOf(20);

interface Weather {
  bursting: boolean;
  /** The second at which it changes. */
  until: number;
}

/**
 * What the edge would have counted: Poisson requests over the ready replicas by the weights in force at the start of
 * each second. Bad ones are drawn for the base and for the harm apart, so who was harmed is known and not estimated.
 */
export class RehearsedTraffic implements SignalSource {
  /** Answered by the new release; and of these, bad because it is new. */
  requests = 0;
  harmed = 0;
  readonly #random: Random;
  readonly #weather = new Map<string, Weather>();
  #from: number;

  constructor(
    private readonly options: TrafficOptions,
    private readonly where: {
      readonly service: string;
      /** Releases are told apart by their label. */
      readonly newLabel: string;
      readonly environment: () => ModelEnvironment;
      readonly now: () => number;
    },
    seed: number,
  ) {
    this.#random = new Random(seed);
    this.#from = Math.floor(where.now() / 1000) * 1000;
  }

  /** Every second is drawn once, when it is over. */
  async read(): Promise<SignalReading> {
    const to = Math.floor(this.where.now() / 1000) * 1000;
    const blocks: (Block & { readonly service: string })[] = [];
    for (; this.#from < to; this.#from += 1000) this.#draw(this.#from, blocks);
    return { cursor: String(to), blocks };
  }

  #draw(at: number, into: (Block & { readonly service: string })[]): void {
    const service = this.where.environment().services.get(this.where.service);
    const weights = service?.edge?.inForce(at).weights;
    if (service === undefined || weights === undefined) return;
    for (const [id, group] of service.groups) {
      const weight = weights[id] ?? 0;
      if (weight > 0) this.#drawGroup(at, group, (this.options.requestsPerSecond * weight) / 100, into);
    }
  }

  #drawGroup(at: number, group: ModelGroup, perSecond: number, into: (Block & { readonly service: string })[]): void {
    const isNew = group.intent.label === this.where.newLabel;
    const ready = group.ready();
    const mean = perSecond / ready.length;
    const { base, harm } = this.options;
    const random = this.#random;
    for (const { id } of ready) {
      const factor = this.#factor(id, at);
      const harmedErrors = isNew ? Math.min(1, harm.errors) : 0;
      const errors = Math.min(1 - harmedErrors, base.errors * factor);
      const harmedSlow = isNew ? Math.min(1 - errors - harmedErrors, harm.slow) : 0;
      const slow = Math.min(1 - errors - harmedErrors - harmedSlow, base.slow * factor);
      const harmed = { errors: random.poisson(mean * harmedErrors), slow: random.poisson(mean * harmedSlow) };
      const bad = harmed.errors + random.poisson(mean * errors);
      const late = harmed.slow + random.poisson(mean * slow);
      const well = random.poisson(mean * (1 - errors - harmedErrors - harmedSlow - slow));
      const total = well + bad + late;
      if (isNew) {
        this.requests += total;
        this.harmed += harmed.errors + harmed.slow;
      }
      if (total === 0) continue;
      const latencies = late === 0 ? { [QUICK]: total } : { [QUICK]: total - late, [SLOW]: late };
      const counts = { total, errors: bad, slow: late, restarts: 0, latencies };
      into.push({ service: this.where.service, at, group: group.id, replica: id, ...counts });
    }
  }

  #factor(replica: string, at: number): number {
    const { burstMs } = this.options;
    if (burstMs === null) return 1;
    const weather = this.#weather.get(replica) ?? { bursting: false, until: at + this.#pause() };
    this.#weather.set(replica, weather);
    while (weather.until <= at) {
      weather.bursting = !weather.bursting;
      weather.until += weather.bursting ? this.#random.exponential(burstMs) : this.#pause();
    }
    return weather.bursting ? BURST : 1;
  }

  #pause(): number {
    return this.#random.exponential(BURST_GAP_S) * 1000;
  }
}

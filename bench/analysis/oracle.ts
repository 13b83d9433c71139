import type { Rollout } from "./rivals/rival.js";

/** Share of bad requests of each group. */
export interface Rates {
  readonly stable: number;
  readonly canary: number;
}

/**
 * What nobody can have: a sequential test that knows both rates beforehand. Of all tests of "the canary is not worse" that may be
 * looked at every second, the likelihood ratio against the nearest pair of equal rates grows fastest (Grünwald, de Heide
 * & Koolen 2024, Turner, Ly & Grünwald 2022); it decides when that reaches 1/level. Independent requests are assumed.
 */
export class Oracle {
  readonly #needed: number;

  constructor(
    private readonly rates: Rates,
    level = 0.01,
  ) {
    this.#needed = -Math.log(level);
  }

  /** Mean growth of the log of the ratio for a second with so many requests: Kullback-Leibler, in nats. */
  growth(stableRequests: number, canaryRequests: number): number {
    const { stable, canary } = this.rates;
    const same = this.#same(stableRequests, canaryRequests);
    return stableRequests * divergence(stable, same) + canaryRequests * divergence(canary, same);
  }

  /** ln(1/level) by the growth: what it takes on average, without what the last second gives too much. */
  expectedSeconds(stableRequests: number, canaryRequests: number): number {
    return this.#needed / this.growth(stableRequests, canaryRequests);
  }

  /** The second (from 1) after which it decides; 0: never. */
  decide({ seconds, stable, canary }: Rollout): number {
    let evidence = 0;
    for (let i = 0; i < seconds; i++) {
      const [k1, n1, k2, n2] = [stable.bad[i] ?? 0, stable.total[i] ?? 0, canary.bad[i] ?? 0, canary.total[i] ?? 0];
      if (n1 + n2 === 0) continue;
      const same = this.#same(n1, n2);
      evidence += ratio(k1, n1, this.rates.stable, same) + ratio(k2, n2, this.rates.canary, same);
      if (evidence >= this.#needed) return i + 1;
    }
    return 0;
  }

  #same(stableRequests: number, canaryRequests: number): number {
    const { stable, canary } = this.rates;
    return (stableRequests * stable + canaryRequests * canary) / (stableRequests + canaryRequests);
  }
}

function ratio(bad: number, total: number, p: number, same: number): number {
  return bad * Math.log(p / same) + (total - bad) * Math.log((1 - p) / (1 - same));
}

function divergence(p: number, q: number): number {
  return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
}

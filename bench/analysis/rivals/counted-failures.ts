import { type Rival, type Rollout, windowShares } from "./rival.js";

export interface CountedFailuresOptions {
  readonly name: string;
  readonly what: string;
  readonly windowSeconds: number;
  readonly published: { readonly threshold: number; readonly failures: number };
  /** Shares of bad requests above which a window fails, and how many failed windows fail the canary. */
  readonly thresholds: readonly number[];
  readonly failures: readonly number[];
}

/**
 * The canary's share of bad requests in consecutive windows against a threshold; the n-th failed window fails the canary.
 * Failures add up: a good window between two bad ones takes nothing back. A window without requests is a failed one.
 */
export class CountedFailures implements Rival {
  readonly name: string;
  readonly what: string;
  readonly advised = true;
  readonly settings: readonly string[];
  readonly published: number;
  readonly #pairs: readonly { readonly threshold: number; readonly failures: number }[];

  constructor(private readonly options: CountedFailuresOptions) {
    const { published, thresholds, failures } = options;
    this.name = options.name;
    this.what = options.what;
    this.#pairs = thresholds.flatMap((threshold) => failures.map((count) => ({ threshold, failures: count })));
    this.settings = this.#pairs.map((pair) => `${+(pair.threshold * 100).toPrecision(3)} % × ${pair.failures}`);
    this.published = this.#pairs.findIndex(
      (pair) => pair.threshold === published.threshold && pair.failures === published.failures,
    );
  }

  decide(rollout: Rollout): Int32Array {
    const { windowSeconds, thresholds, failures } = this.options;
    const shares = windowShares(rollout.canary, windowSeconds);
    const decisions = new Int32Array(this.#pairs.length);
    for (let t = 0; t < thresholds.length; t++) {
      const threshold = thresholds[t] ?? 0;
      let failed = 0;
      for (let w = 0; w < shares.length; w++) {
        if ((shares[w] ?? 0) <= threshold) continue;
        failed++;
        const setting = failures.indexOf(failed);
        if (setting !== -1) decisions[t * failures.length + setting] = (w + 1) * windowSeconds;
      }
    }
    return decisions;
  }
}

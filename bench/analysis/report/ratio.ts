import { Random } from "../random.js";

/** A ratio of means with its 95 % bootstrap interval. */
export interface Ratio {
  readonly value: number;
  readonly from: number;
  readonly to: number;
}

const RESAMPLES = 1_000;

/** Of the same runs: they are drawn together. */
export function ratioOf(above: Int32Array, below: Int32Array, seed: number): Ratio {
  const random = new Random(seed);
  const runs = above.length;
  const drawn = Float64Array.from({ length: RESAMPLES }, () => {
    let [over, under] = [0, 0];
    for (let i = 0; i < runs; i++) {
      const run = Math.floor(random.uniform() * runs);
      over += above[run] ?? 0;
      under += below[run] ?? 0;
    }
    return over / under;
  }).sort();
  const sum = (all: Int32Array) => all.reduce((total, one) => total + one, 0);
  const at = (share: number) => drawn[Math.floor(share * RESAMPLES)] ?? Number.NaN;
  return { value: sum(above) / sum(below), from: at(0.025), to: at(0.975) };
}

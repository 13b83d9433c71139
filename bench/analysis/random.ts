import { Random as Draws } from "../../src/simulate/random.js";

/** The simulator's seeded draws, and what traces need beyond them. Same seed, same trace, on any machine. */
export class Random extends Draws {
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** By inversion: exact, and quick while `n * p` is small. */
  binomial(n: number, p: number): number {
    if (p <= 0 || n <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - this.binomial(n, 1 - p);
    const odds = p / (1 - p);
    let mass = (1 - p) ** n;
    let left = this.uniform();
    let k = 0;
    while (left > mass && k < n) {
      left -= mass;
      k++;
      mass *= ((n - k + 1) / k) * odds;
    }
    return k;
  }

  /** Marsaglia & Tsang 2000; shapes below 1 by the usual power of a uniform. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  beta(a: number, b: number): number {
    const x = this.gamma(a);
    const y = this.gamma(b);
    return x + y === 0 ? 0 : x / (x + y);
  }
}

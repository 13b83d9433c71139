/** Seeded draws: sfc32 (Chris Doty-Humphrey, PractRand) seeded by splitmix32. Same seed, same draws, on any machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(seed: number) {
    let state = seed | 0;
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      return scramble(state);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let i = 0; i < 12; i++) this.uniform();
  }

  /** In [0, 1), 32 bits. */
  uniform(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Exact for every mean: by inversion while it is small, by transformed rejection (Hörmann 1993, PTRS) above. */
  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean < 10) return this.#byInversion(mean);
    const spread = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * spread;
    const quick = 0.9277 - 3.6224 / (spread - 2);
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + spread) * u + mean + 0.43);
      if (us >= 0.07 && v <= quick) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      const scale = 1.1239 + 1.1328 / (spread - 3.4);
      const height = Math.log((v * scale) / (a / (us * us) + spread));
      if (height <= k * Math.log(mean) - mean - logFactorial(k)) return k;
    }
  }

  #byInversion(mean: number): number {
    let mass = Math.exp(-mean);
    let left = this.uniform();
    let k = 0;
    // 32 bits of a uniform end long before 200: the bound is for rounding alone.
    while (left >= mass && k < 200) {
      left -= mass;
      k += 1;
      mass *= mean / k;
    }
    return k;
  }
}

/** One seed from several numbers; neighbours are far apart. */
export function seedOf(...parts: readonly number[]): number {
  return parts.reduce((seed, part) => scramble((Math.imul(seed, 0x9e3779b1) + part) | 0), 0x2545f491) >>> 0;
}

function scramble(state: number): number {
  let z = state ^ (state >>> 16);
  z = Math.imul(z, 0x21f0aaad);
  z ^= z >>> 15;
  z = Math.imul(z, 0x735a2d97);
  return z ^ (z >>> 15);
}

const SMALL = [0];
for (let k = 1; k < 16; k++) SMALL.push((SMALL[k - 1] ?? 0) + Math.log(k));
const HALF_LOG_TAU = 0.5 * Math.log(2 * Math.PI);

/** Stirling's series; its error is below 1e-9 from 16 on. */
function logFactorial(k: number): number {
  const small = SMALL[k];
  if (small !== undefined) return small;
  const x = k + 1;
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_TAU + 1 / (12 * x) - 1 / (360 * x ** 3);
}

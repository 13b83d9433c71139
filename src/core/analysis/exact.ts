/** Below this share of bad requests the error race loses nothing worth the arithmetic. */
const FROM_RATE = 0.1;
/** Odds ratios that are bet on. */
const ODDS = [1.5, 3, 10] as const;
/** Weight of the guess in the running estimate of stable's rate, in requests. */
const PRIOR = 20;

/**
 * Exact e-variables for a block of two binomials, for rates where the error race's bound is loose (Turner, Ly &
 * Grünwald 2022): S = p_alternative / p_null, with the point of the null that is nearest by n1 KL + n2 KL. The
 * alternative is made from blocks before this one, and only once their rate is high: else the experts do not bet.
 */
export class ExactExperts {
  readonly count: number;
  #bad = 0;
  #total = 0;
  #bets = false;

  constructor(
    private readonly margin: number,
    private readonly claim: "worse" | "not-worse",
  ) {
    this.count = claim === "worse" ? ODDS.length : 1;
  }

  seen(): readonly number[] {
    return [this.#bad, this.#total];
  }

  recall([bad = 0, total = 0]: readonly number[]): void {
    this.#bad = bad;
    this.#total = total;
  }

  /** Writes the logarithms of the experts' e-values to `gains` from `offset` on; false: they do not bet on this block. */
  block(k1: number, n1: number, k2: number, n2: number, gains: Float64Array, offset: number): boolean {
    const rate = (this.#bad + PRIOR * FROM_RATE * 0.5) / (this.#total + PRIOR);
    this.#bad += k1;
    this.#total += n1;
    if (rate < FROM_RATE || rate > 1 - 1e-6) {
      if (this.#bets) gains.fill(0, offset, offset + this.count);
      this.#bets = false;
      return false;
    }
    this.#bets = true;
    for (let i = 0; i < this.count; i++) {
      const odds = this.claim === "worse" ? (ODDS[i] as number) : 1;
      const b = (odds * rate) / (1 - rate + odds * rate);
      gains[offset + i] = logExactE({ k1, n1, k2, n2 }, { a: rate, b }, this.margin, this.claim);
    }
    return true;
  }
}

export interface TwoCounts {
  readonly k1: number;
  readonly n1: number;
  readonly k2: number;
  readonly n2: number;
}

/** Log of the e-value of one block; 0 where the alternative (rates `a`, `b`) lies in the null itself. */
export function logExactE(
  { k1, n1, k2, n2 }: TwoCounts,
  { a, b }: { readonly a: number; readonly b: number },
  margin: number,
  claim: "worse" | "not-worse",
): number {
  const outside = claim === "worse" ? b > a + margin : b < a + margin;
  if (!outside) return 0;
  const x = projection(n1, n2, a, b, margin);
  const y = x + margin;
  if (!(x > 0 && y < 1)) return 0;
  return (
    k1 * Math.log(a / x) +
    (n1 - k1) * Math.log((1 - a) / (1 - x)) +
    k2 * Math.log(b / y) +
    (n2 - k2) * Math.log((1 - b) / (1 - y))
  );
}

/** The rate of the first group at the point (x, x + margin) nearest to (a, b): a root between `a` and `b - margin`. */
export function projection(n1: number, n2: number, a: number, b: number, margin: number): number {
  if (margin === 0) return (n1 * a + n2 * b) / (n1 + n2);
  // n1 (x - a) / (x (1 - x)) + n2 (x + margin - b) / ((x + margin) (1 - x - margin)) rises in x between the two.
  let low = Math.max(Math.min(a, b - margin), 1e-12);
  let high = Math.min(Math.max(a, b - margin), 1 - margin - 1e-12);
  for (let round = 0; round < 60 && high - low > 1e-13; round++) {
    const x = (low + high) / 2;
    const y = x + margin;
    const slope = (n1 * (x - a)) / (x * (1 - x)) + (n2 * (y - b)) / (y * (1 - y));
    if (slope > 0) high = x;
    else low = x;
  }
  return (low + high) / 2;
}

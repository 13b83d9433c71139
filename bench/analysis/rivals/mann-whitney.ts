/** Of the shift between two samples: by how much the first one's values are higher. */
export interface Shift {
  /** Hodges-Lehmann: the median of all differences. */
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * The Mann-Whitney interval for the shift of `x` against `y`, normal approximation with correction for continuity and
 * ties: `wilcox.test(x, y, conf.int = TRUE, exact = FALSE)` of R, which Kayenta's MannWhitney.scala is a port of. Both
 * search the root of a step function of the shift, by Brent's method and to 1e-4; its steps are at the differences of
 * the samples, so the root is found exactly here. On a plateau (the estimate) its middle is taken. `z`: the normal quantile
 * of the two-sided level (2.326 for 98 %).
 */
export function shift(x: Float64Array, y: Float64Array, z: number): Shift {
  const [n, m] = [x.length, y.length];
  const differences = new Float64Array(n * m);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) differences[i * m + j] = (x[i] ?? 0) - (y[j] ?? 0);
  differences.sort();
  const at = (k: number) => differences[k] ?? Number.NaN;
  const half = (n * m) / 2;
  const estimate = (at(Math.ceil(half) - 1) + at(Math.floor(half))) / 2;
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - (ties(x) + ties(y)) / (all * (all - 1)));
  if (!(variance > 0)) return { estimate, lower: estimate, upper: estimate };
  const sigma = Math.sqrt(variance);
  // After the k-th difference the statistic is (half - k), half a step nearer to 0: the first k below the quantile is the root.
  const root = (quantile: number) => {
    for (let k = Math.max(1, Math.floor(half - quantile * sigma) - 2); k <= n * m; k++) {
      const centred = half - k;
      if ((centred - Math.sign(centred) * 0.5) / sigma < quantile) return at(k - 1);
    }
    return at(n * m - 1);
  };
  return { estimate, lower: root(z), upper: root(-z) };
}

/** Sum of t³ - t over the groups of equal values; a shift that is no difference ties no value of one sample with the other. */
function ties(values: Float64Array): number {
  const sorted = values.slice().sort();
  let sum = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    sum += (to - from) ** 3 - (to - from);
    from = to;
  }
  return sum;
}

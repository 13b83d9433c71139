import { describe, expect, test } from "vitest";
import { ExactExperts, logExactE, projection } from "./exact.js";

const CLAIMS = ["worse", "not-worse"] as const;
const RATES = [0.02, 0.1, 0.25, 0.5, 0.8, 0.95];

function chance(k: number, n: number, p: number): number {
  let ways = 1;
  for (let i = 0; i < k; i++) ways *= (n - i) / (i + 1);
  return ways * p ** k * (1 - p) ** (n - k);
}

type Alternative = { readonly a: number; readonly b: number };

/** Mean of the e-value over every outcome of two groups with rates `p1` and `p2`. */
function mean(n1: number, p1: number, n2: number, p2: number, alternative: Alternative, margin: number): number {
  const claim = alternative.b > alternative.a + margin ? "worse" : "not-worse";
  let sum = 0;
  for (let k1 = 0; k1 <= n1; k1++)
    for (let k2 = 0; k2 <= n2; k2++)
      sum +=
        chance(k1, n1, p1) * chance(k2, n2, p2) * Math.exp(logExactE({ k1, n1, k2, n2 }, alternative, margin, claim));
  return sum;
}

describe("an exact e-variable", () => {
  test("is at most 1 on average at the margin and within it, all outcomes counted out", () => {
    let highest = 0;
    for (const margin of [0, 0.005, 0.05, 0.3])
      for (const a of RATES)
        for (const b of RATES) {
          const worse = b > a + margin;
          for (const p1 of RATES)
            for (const beyond of [0, 0.02, 0.2]) {
              const p2 = worse ? p1 + margin - beyond : p1 + margin + beyond;
              if (p2 < 0 || p2 > 1) continue;
              for (const [n1, n2] of [
                [1, 1],
                [4, 2],
                [2, 5],
              ] as const)
                highest = Math.max(highest, mean(n1, p1, n2, p2, { a, b }, margin));
            }
        }
    expect(highest).toBeLessThanOrEqual(1 + 1e-10);
    expect(highest).toBeGreaterThan(0.9999);
  });

  test("wins under its own alternative", () => {
    expect(mean(8, 0.3, 4, 0.8, { a: 0.3, b: 0.8 }, 0.05)).toBeGreaterThan(2);
    expect(mean(8, 0.3, 4, 0.3, { a: 0.3, b: 0.3 }, 0.3)).toBeGreaterThan(1.2);
  });

  test("without a margin it is the paper's closed form: the pooled rate is the nearest point", () => {
    const [k1, n1, k2, n2, a, b] = [3, 10, 4, 5, 0.2, 0.6];
    const pooled = (n1 * a + n2 * b) / (n1 + n2);
    const alternative = a ** k1 * (1 - a) ** (n1 - k1) * b ** k2 * (1 - b) ** (n2 - k2);
    const nearest = pooled ** (k1 + k2) * (1 - pooled) ** (n1 + n2 - k1 - k2);
    expect(logExactE({ k1, n1, k2, n2 }, { a, b }, 0, "worse")).toBeCloseTo(Math.log(alternative / nearest), 12);
  });

  test("does not bet where the alternative is no alternative", () => {
    expect(logExactE({ k1: 0, n1: 9, k2: 9, n2: 9 }, { a: 0.5, b: 0.52 }, 0.05, "worse")).toBe(0);
    expect(logExactE({ k1: 9, n1: 9, k2: 0, n2: 9 }, { a: 0.5, b: 0.5 }, 0, "not-worse")).toBe(0);
  });
});

test("the nearest point is where the divergence is stationary, and between the two rates", () => {
  const divergence = (p: number, q: number) => p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
  for (const margin of [0.005, 0.05, 0.3])
    for (const a of RATES)
      for (const b of RATES)
        for (const [n1, n2] of [
          [1, 1],
          [1_000_000, 1],
          [3, 5_000],
        ] as const) {
          if (b - margin <= 0 || a + margin >= 1) continue;
          const x = projection(n1, n2, a, b, margin);
          expect(x).toBeGreaterThanOrEqual(Math.min(a, b - margin) - 1e-12);
          expect(x).toBeLessThanOrEqual(Math.max(a, b - margin) + 1e-12);
          const y = x + margin;
          const slope = (n1 * (x - a)) / (x * (1 - x)) + (n2 * (y - b)) / (y * (1 - y));
          expect(Math.abs(slope) / (n1 + n2)).toBeLessThan(1e-9);
          const far = (at: number) => n1 * divergence(a, at) + n2 * divergence(b, at + margin);
          for (const step of [-1e-3, 1e-3])
            if (x + step > 0 && y + step < 1) expect(far(x + step)).toBeGreaterThanOrEqual(far(x) - 1e-9 * (n1 + n2));
        }
});

describe("the experts", () => {
  const bet = (experts: ExactExperts, k1: number, n1: number, k2: number, n2: number) => {
    const gains = new Float64Array(experts.count);
    return { bets: experts.block(k1, n1, k2, n2, gains, 0), gains: [...gains] };
  };

  test("know a block only after they have bet on it, and stay out while stable is well", () => {
    for (const claim of CLAIMS) {
      const experts = new ExactExperts(0.005, claim);
      expect(bet(experts, 100, 100, 10, 10).bets).toBe(false);
      expect(bet(experts, 100, 100, 10, 10).bets).toBe(true);
      const well = new ExactExperts(0.005, claim);
      for (let i = 0; i < 20; i++) expect(bet(well, 5, 100, 10, 10)).toMatchObject({ bets: false });
    }
  });

  test("stop betting when stable is well again, and leave nothing of the last bet behind", () => {
    const experts = new ExactExperts(0, "worse");
    const gains = new Float64Array(experts.count);
    experts.block(30, 100, 3, 10, gains, 0);
    experts.block(30, 100, 8, 10, gains, 0);
    expect(gains.some((gain) => gain !== 0)).toBe(true);
    experts.block(0, 10_000, 0, 10, gains, 0);
    experts.block(0, 100, 0, 10, gains, 0);
    expect([...gains]).toEqual([0, 0, 0]);
  });

  test("remember across a restart", () => {
    const experts = new ExactExperts(0.05, "worse");
    bet(experts, 30, 100, 3, 10);
    const restored = new ExactExperts(0.05, "worse");
    restored.recall(JSON.parse(JSON.stringify(experts.seen())));
    expect(bet(restored, 40, 100, 7, 10)).toEqual(bet(experts, 40, 100, 7, 10));
  });

  test("stay numbers at every margin and when everything is bad", () => {
    for (const claim of CLAIMS)
      for (const margin of [0, 0.005, 0.5, 0.999, 1]) {
        const experts = new ExactExperts(margin, claim);
        for (const [k1, k2] of [
          [100_000, 100_000],
          [100_000, 0],
          [0, 100_000],
          [50_000, 100_000],
        ] as const)
          for (const gain of bet(experts, k1, 100_000, k2, 100_000).gains) expect(Number.isFinite(gain)).toBe(true);
      }
  });
});

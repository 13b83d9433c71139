import { expect, test } from "vitest";
import { shift } from "./mann-whitney.js";

const Z98 = 2.3263478740408408;
const Z90 = 1.6448536269514722;

test("the permeability of two membranes: Hollander & Wolfe's example, which R's manual works, too", () => {
  const canary = Float64Array.of(0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46);
  const stable = Float64Array.of(1.15, 0.88, 0.9, 0.74, 1.21);
  // R's manual: difference in location 0.305. The ends: origin below.
  const wide = shift(canary, stable, Z98);
  expect(wide.estimate).toBeCloseTo(0.305, 10);
  expect(wide.lower).toBeCloseTo(-0.32, 10);
  expect(wide.upper).toBeCloseTo(0.99, 10);
  const narrow = shift(canary, stable, Z90);
  expect(narrow.lower).toBeCloseTo(-0.08, 10);
  expect(narrow.upper).toBeCloseTo(0.72, 10);
});

// Origin: SciPy 1.17.1 (rankdata, norm.ppf, and brentq to 1e-13 over the statistic of R's wilcox.test with exact = FALSE,
// correct = TRUE), bad requests of 1,200 and of 10,800 a minute, NumPy's default_rng(7) and (11).
test("minutes of a canary with more bad requests, with ties: the ends are SciPy's", () => {
  const canary = [5, 8, 6, 3, 4, 7, 0, 7, 7, 4, 4, 3, 3, 4, 5, 5, 11, 7, 5, 10];
  const stable = [18, 17, 23, 14, 14, 22, 21, 28, 23, 22, 21, 18, 12, 18, 24, 18, 20, 10, 26, 17];
  const found = shift(shares(canary, 1_200), shares(stable, 10_800), Z98);
  expect(found.lower).toBeCloseTo(0.0014814814814, 9);
  expect(found.upper).toBeCloseTo(0.0038888888888, 9);
  expect(found.estimate).toBeCloseTo(0.0024074074074, 9);
});

test("minutes of a canary like stable, many without a bad request: the interval holds 0", () => {
  const canary = [0, 3, 1, 2, 1, 2, 0, 1, 1, 2, 1, 1, 0, 1, 1, 0, 2, 1, 4, 1];
  const stable = [12, 12, 12, 7, 10, 8, 10, 7, 17, 8, 12, 9, 15, 12, 7, 14, 16, 15, 11, 7];
  const found = shift(shares(canary, 1_200), shares(stable, 10_800), Z98);
  expect(found.lower).toBeCloseTo(-0.0005555555555, 9);
  expect(found.upper).toBeCloseTo(0.0001851851852, 9);
  expect(found.estimate).toBeCloseTo(-0.0000925925926, 9);
});

test("fifty minutes, twice as many bad requests: the lower end is above 0, as SciPy has it", () => {
  const canary = [
    1, 2, 3, 0, 1, 5, 0, 1, 5, 3, 2, 2, 3, 1, 1, 4, 3, 2, 4, 2, 6, 1, 2, 2, 2, 3, 1, 4, 4, 1, 2, 1, 0, 4, 2, 1, 3, 1, 4,
    1, 0, 1, 2, 2, 5, 3, 2, 0, 1, 7,
  ];
  const stable = [
    10, 12, 6, 5, 14, 11, 9, 9, 7, 8, 5, 14, 10, 7, 13, 8, 6, 11, 15, 5, 14, 8, 7, 5, 9, 13, 11, 14, 8, 9, 9, 18, 16, 9,
    10, 9, 13, 5, 6, 10, 8, 14, 13, 11, 12, 12, 13, 16, 7, 12,
  ];
  const found = shift(shares(canary, 1_200), shares(stable, 10_800), Z98);
  expect(found.lower).toBeCloseTo(0.0002777777777, 9);
  expect(found.upper).toBeCloseTo(0.0012037037037, 9);
  expect(found.estimate).toBeCloseTo(0.0007407407407, 9);
});

test("nearly all values equal: the ends are at 0 itself, where SciPy comes within its tolerance", () => {
  const found = shift(
    Float64Array.of(0, 0, 0, 0, 1, 0, 0, 2, 0, 0),
    Float64Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    Z98,
  );
  expect(found).toEqual({ estimate: 0, lower: 0, upper: 0 });
});

test("the groups swapped, the shift is turned round", () => {
  const [x, y] = [Float64Array.of(3, 1, 4, 1, 5, 9), Float64Array.of(2, 6, 5, 3, 5, 8, 9)];
  const [forth, back] = [shift(x, y, Z90), shift(y, x, Z90)];
  expect(back.lower).toBeCloseTo(-forth.upper, 12);
  expect(back.upper).toBeCloseTo(-forth.lower, 12);
  expect(back.estimate).toBeCloseTo(-forth.estimate, 12);
});

function shares(bad: readonly number[], total: number): Float64Array {
  return Float64Array.from(bad, (k) => k / total);
}

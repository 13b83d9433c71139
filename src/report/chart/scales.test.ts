import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { point } from "../../../test/report/course.js";
import { apart, PLOT } from "./box.js";
import { evidenceScale, evidenceTicks, rateScale, timeScale } from "./scales.js";

describe("scales at their edges", () => {
  test("one moment is a second wide", () => {
    const x = timeScale(5_000, 5_000);
    expect([x(5_000), x(6_000)]).toEqual([PLOT.left, PLOT.right]);
  });

  test("without a point, and without a bad request, an axis has a height", () => {
    for (const points of [[], [point(0, { canary: [0, 10], stable: [0, 90] })]]) {
      const [low = 0, high = 0] = rateScale(points).domain();
      expect(low).toBe(0);
      expect(high).toBeGreaterThan(0.0009);
      expect(rateScale(points).ticks(4).length).toBeGreaterThan(1);
    }
    expect(evidenceTicks(evidenceScale([]))[0]).toBe(0);
  });

  test("shares never go above 100 %", () => {
    const all = point(0, { canary: [10, 10], stable: [90, 90] });
    expect(rateScale([all]).domain()[1]).toBe(1);
  });

  test("a bad request among the first few does not make the axis", () => {
    const points = Array.from({ length: 100 }, (_, i) =>
      point(i, { canary: [1, 3 + 20 * i], stable: [1, 900 + 180 * i] }),
    );
    expect(rateScale(points).domain()[1]).toBeLessThan(0.1);
  });

  test("as long as nothing is decided the axis shows how little is known", () => {
    const known = { canary: [0, 10], stable: [0, 90], high: 0.4 } as const;
    expect(rateScale([point(0, { ...known, verdict: "inconclusive" })]).domain()[1]).toBeGreaterThan(0.4);
    expect(rateScale([point(0, { ...known, verdict: "pass" })]).domain()[1]).toBeLessThan(0.4);
  });

  test("evidence has at most five ticks, all powers of ten", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 0.5, noNaN: true }), (level) => {
        const ticks = evidenceTicks(evidenceScale([point(0, { canary: [0, 10], stable: [0, 90], level })]));
        expect(ticks.length).toBeLessThanOrEqual(5);
        for (const tick of ticks) expect(Math.abs(tick / Math.LN10 - Math.round(tick / Math.LN10))).toBeLessThan(1e-9);
      }),
    );
  });
});

test("labels are apart, inside the panel, and in their order", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -500, max: 900, noNaN: true }), { maxLength: 6 }), (heights) => {
      const placed = apart(
        heights.map((y, index) => ({ y, index })),
        100,
        200,
      );
      for (const [i, label] of placed.entries()) {
        expect(label.y).toBeGreaterThanOrEqual(100 - 1e-9);
        expect(label.y).toBeLessThanOrEqual(200 + 1e-9);
        const before = placed[i - 1];
        if (before === undefined) continue;
        expect(label.y - before.y).toBeGreaterThanOrEqual(14 - 1e-9);
        const clamp = (y = 0) => Math.min(200, Math.max(100, y));
        expect(clamp(heights[label.index])).toBeGreaterThanOrEqual(clamp(heights[before.index]));
      }
    }),
  );
});

import { expect, test } from "vitest";
import { harmOf } from "./harm.js";

const base = { errors: 0.001, slow: 0.01 };

test("points come on top of the base, percentages are all there is", () => {
  expect(harmOf("+1%", base)).toEqual({ label: "+1 point of errors", shares: { errors: 0.01, slow: 0 } });
  expect(harmOf("errors=+5%", base)).toEqual({ label: "+5 points of errors", shares: { errors: 0.05, slow: 0 } });
  const all = harmOf("errors=5%", base);
  expect(all.label).toBe("5 % errors");
  expect(all.shares.errors).toBeCloseTo(0.049, 12);
  expect(harmOf("slow=+2.5%", base).shares).toEqual({ errors: 0, slow: 0.025 });
  expect(harmOf("none", base).shares).toEqual({ errors: 0, slow: 0 });
});

test.each(["1", "bad=1%", "errors=0.1%", "slow=1%", "+100%", "-1%", ""])("%j is no harm", (text) => {
  expect(() => harmOf(text, base)).toThrowError(expect.objectContaining({ code: "cli-harm" }));
});

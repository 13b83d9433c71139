import { expect, test } from "vitest";
import { createMix } from "./mix.js";

const item = (name: string, weight: number) => ({ name, weight });

test("each comes as often as its weight says in every run that is as long as their sum, and not in clumps", () => {
  const pick = createMix([item("a", 5), item("b", 2), item("c", 1)]);
  for (let round = 0; round < 3; round++) {
    const run = Array.from({ length: 8 }, () => pick().name).join("");
    expect([...run].sort().join("")).toBe("aaaaabbc");
    expect(run).not.toContain("aaaa");
  }
});

test("a weight of 0 never comes", () => {
  const pick = createMix([item("a", 1), item("never", 0)]);
  expect(new Set(Array.from({ length: 20 }, () => pick().name))).toEqual(new Set(["a"]));
});

test("an empty mix and a name that comes twice are refused", () => {
  expect(() => createMix([])).toThrow(/at least one/);
  expect(() => createMix([item("a", 1), item("a", 1)])).toThrow(/unique/);
});

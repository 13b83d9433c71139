import { expect, test } from "vitest";
import { interval, neededOdds, odds, percent, signed, whole } from "./words.js";

test("shares have two digits that count", () => {
  expect([0, 0.00004, 0.001234, 0.0257, 0.5185, 1].map(percent)).toEqual([
    "0 %",
    "0.004 %",
    "0.12 %",
    "2.6 %",
    "52 %",
    "100 %",
  ]);
  expect(interval({ low: 0, high: 0.0312 })).toBe("0 to 3.1 %");
});

test("differences say their direction", () => {
  expect([0.005, -0.012, 0, -0.0000001].map(signed)).toEqual(["+0.5", "-1.2", "0", "0"]);
});

test("evidence is told as odds, and none when there is none", () => {
  expect([-40, 0, Math.log(3.2), Math.log(344), Math.log(2.5e6), 40].map(odds)).toEqual([
    "none",
    "none",
    "1 : 3.2",
    "1 : 340",
    "1 : 2.5 million",
    "1 : 10^17",
  ]);
  expect(neededOdds(Math.log(100))).toBe("1 : 100");
});

test("thousands are apart", () => {
  expect([7, 1204, 1_234_567].map(whole)).toEqual(["7", "1,204", "1,234,567"]);
});

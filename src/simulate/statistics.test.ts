import { expect, test } from "vitest";
import { quantilesOf, shareOf } from "./statistics.js";

test("Wilson's intervals, by the book", () => {
  const close = (share: ReturnType<typeof shareOf>) => [Number(share.low.toFixed(4)), Number(share.high.toFixed(4))];
  expect(close(shareOf(10, 20))).toEqual([0.2993, 0.7007]);
  expect(close(shareOf(0, 20))).toEqual([0, 0.1611]);
  expect(close(shareOf(200, 200))).toEqual([0.9812, 1]);
  expect(close(shareOf(0, 0))).toEqual([0, 1]);
});

test("what never came is later than everything that did", () => {
  expect(quantilesOf([5, 1, 4, 2, 3], 5)).toEqual({ median: 3, p90: 5 });
  expect(quantilesOf([5, 1, 4, 2, 3], 10)).toEqual({ median: 5, p90: null });
  expect(quantilesOf([5, 1, 4, 2], 10)).toEqual({ median: null, p90: null });
  expect(quantilesOf([], 0)).toEqual({ median: null, p90: null });
});

import { expect, test } from "vitest";
import { type Member, scale } from "./scale.js";

const member = (number: number, phase: Member["phase"] = "ready", leaving = false): Member => ({
  number,
  phase,
  leaving,
});

test("numbers are the lowest free ones, and one that is leaving keeps its own until it is gone", () => {
  expect(scale([], 3)).toEqual({ add: [1, 2, 3], end: [] });
  expect(scale([member(1), member(3)], 3)).toEqual({ add: [2], end: [] });
  expect(scale([member(1, "stopping", true)], 1)).toEqual({ add: [2], end: [] });
});

test("what is not ready goes first, then the newest", () => {
  expect(scale([member(1), member(2, "backoff"), member(3)], 2)).toEqual({ add: [], end: [2] });
  expect(scale([member(1), member(2), member(3)], 1)).toEqual({ add: [], end: [3, 2] });
  expect(scale([member(1, "starting"), member(2)], 0)).toEqual({ add: [], end: [1, 2] });
});

test("as many as wanted change nothing, in whatever state they are", () => {
  expect(scale([member(1, "unready"), member(2)], 2)).toEqual({ add: [], end: [] });
});

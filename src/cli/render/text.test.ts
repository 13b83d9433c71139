import { describe, expect, test } from "vitest";
import { align, bytes, duration, fold, printable, widthOf } from "./text.js";

describe("what fits on a line", () => {
  test("colours take no room, wide characters take two", () => {
    expect(widthOf("\u001b[31mred\u001b[39m")).toBe(3);
    expect(widthOf("日本")).toBe(4);
    expect(widthOf("é")).toBe(1);
  });

  test("columns stand under each other", () => {
    expect(
      align([
        ["a", "b"],
        ["long", "c"],
      ]),
    ).toEqual(["a     b", "long  c"]);
  });
});

test("what a service prints cannot steer the terminal", () => {
  expect(printable("\u001b]0;title\u0007\u001b[2J\u001b[1;31mred\r\n\tend")).toBe(
    "\\x1b]0;title\\x07red\\x0d\\x0a  end",
  );
  expect(printable("\u009b2J")).toBe("\\x9b2J");
});

test("durations and sizes as people say them", () => {
  expect([0, 999, 1_500, 59_400, 60_000, 90_000, 3_600_000, 3_780_000, 90_000_000].map(duration)).toEqual([
    "0 ms",
    "999 ms",
    "1.5 s",
    "59 s",
    "1 min",
    "1 min 30 s",
    "1 h",
    "1 h 3 min",
    "1 d 1 h",
  ]);
  expect([0, 1023, 1536, 20 * 1024 * 1024].map(bytes)).toEqual(["0 B", "1023 B", "1.5 KiB", "20 MiB"]);
});

test("a long line goes on indented, between words, in its colour", () => {
  expect(fold("  why  it is so", 8)).toEqual(["  why", "    it", "    is", "    so"]);
  expect(fold("fits", 4)).toEqual(["fits"]);
  expect(fold("abcdefghij", 4)).toEqual(["abcd", "  ef", "  gh", "  ij"]);
  expect(fold("\u001b[31mbad luck\u001b[39m", 5)).toEqual([
    "\u001b[31mbad\u001b[0m",
    "  \u001b[31mluc\u001b[0m",
    "  \u001b[31mk\u001b[39m",
  ]);
  for (const row of fold("日本語 日本語日本語", 5)) expect(widthOf(row)).toBeLessThanOrEqual(5);
});

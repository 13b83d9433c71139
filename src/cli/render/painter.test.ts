import { expect, test } from "vitest";
import { Painter } from "./painter.js";

const ESCAPE = "\u001b";

function screen(columns: number, rows: number) {
  const written: string[] = [];
  let now = 0;
  const terminal = { live: true, colour: false, unicode: true, columns: () => columns, rows: () => rows };
  const painter = new Painter(
    terminal,
    (text) => written.push(text),
    "…",
    () => now,
  );
  return { painter, written, pass: (ms: number) => (now += ms) };
}

test("a block is drawn again in place, and lines above it stay", () => {
  const { painter, written, pass } = screen(20, 10);
  painter.block(["one", "two"]);
  pass(100);
  painter.block(["three"]);
  pass(100);
  painter.above("happened");
  painter.end();
  expect(written).toEqual([
    "one\ntwo\n",
    `\r${ESCAPE}[2A${ESCAPE}[0Jthree\n`,
    `\r${ESCAPE}[1A${ESCAPE}[0Jhappened\nthree\n`,
    `\r${ESCAPE}[1A${ESCAPE}[0Jthree\n`,
  ]);
});

test("at most ten frames a second; the last one is always drawn", () => {
  const { painter, written, pass } = screen(20, 10);
  for (let index = 0; index <= 100; index++) {
    painter.block([`frame ${index}`]);
    pass(1);
  }
  expect(written.length).toBe(2);
  painter.end();
  expect(written.at(-1)).toContain("frame 100");
});

test("the terminal wraps nothing, and nothing is taller than the screen", () => {
  const { painter, written } = screen(10, 5);
  painter.block(["a line that is long", "b", "c", "d", "e"]);
  expect(written[0]).toBe("a line\n  that\n  is long\n…\n");
});

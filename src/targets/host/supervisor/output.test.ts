import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ReplicaOutput } from "./output.js";
import { Follower, printable, tailLines } from "./tail.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "windlass-output-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("the last lines are those of the present process, what it said as an error last", () => {
  const output = new ReplicaOutput(directory);
  appendFileSync(output.file("stderr"), "of an earlier process\n");
  const files = output.open();
  writeSync(files.stdout, "listens\n");
  writeSync(files.stderr, "boom\n");
  output.close(files);
  expect(output.lastLines(20)).toEqual(["listens", "boom"]);
  expect(output.lastLines(1)).toEqual(["boom"]);
});

test("a file over its limit is cut while it is being written to, and its newest lines are kept", () => {
  const output = new ReplicaOutput(directory, 1_000);
  const files = output.open();
  for (let line = 0; line < 300; line++) writeSync(files.stdout, `line ${line}\n`);
  expect(output.rotate()).toBe(true);
  writeSync(files.stdout, "after\n");
  output.close(files);
  // Append mode: no hole of zeros where the writer had been.
  expect(readFileSync(output.file("stdout"), "utf8")).toBe("after\n");
  expect(statSync(`${output.file("stdout")}.1`).size).toBe(1_000);
  expect(output.lastLines(3)).toEqual(["line 298", "line 299", "after"]);
  expect(output.rotate()).toBe(false);
});

test("escape sequences, control bytes and endless lines are made harmless", () => {
  expect(printable("\u001b[31mred\u001b[0m\tand \u0007bell\r")).toBe("red\tand \ufffdbell");
  expect(printable("x".repeat(10_000)).length).toBeLessThan(5_000);
  const file = path.join(directory, "binary");
  const descriptor = openSync(file, "w");
  writeSync(descriptor, Buffer.from([0xff, 0x00, 0x1b, 0x0a, 0xc3, 0x28]));
  closeSync(descriptor);
  expect(tailLines(file, 5).join("")).not.toMatch(/[^\P{Cc}\t]/u);
});

test("a follower gives whole lines, each once, across a rotation", () => {
  const file = path.join(directory, "followed");
  appendFileSync(file, "before\n");
  const follower = Follower.atEnd(file);
  appendFileSync(file, "one\ntw");
  expect(follower.read()).toEqual(["one"]);
  appendFileSync(file, "o\n");
  expect(follower.read()).toEqual(["two"]);
  rmSync(file);
  appendFileSync(file, "3\n");
  expect(follower.read()).toEqual(["3"]);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearest } from "../nearest.js";
import { splitCommand } from "./argv.js";
import { cores } from "./cpu.js";
import { durationMs, durationText } from "./duration.js";
import { percent } from "./percent.js";
import { sizeBytes } from "./size.js";

describe("quantities", () => {
  it("a duration that was written reads back as the same milliseconds", () => {
    fc.assert(fc.property(fc.nat(1e9), (ms) => durationMs(durationText(ms)) === ms));
    expect(durationText(90_000)).toBe("90s");
  });

  it.each(["10", "10 sec", "-1s", "1e3s", "s", "", "1h30m", "10S"])("%j is no duration", (text) => {
    expect(durationMs(text)).toBeNull();
  });

  it("sizes know both kinds of units", () => {
    expect(["1KiB", "1 kB", "0.5MiB", "3B", "1GB"].map(sizeBytes)).toEqual([1024, 1000, 524_288, 3, 1e9]);
    expect(["512", "512Mi", "512m", "1TB", "-1B"].map(sizeBytes)).toEqual([null, null, null, null, null]);
  });

  it("percentages and cores stay within reason", () => {
    expect(["0%", "2.5%", "100%", "101%", "5", "-1%"].map(percent)).toEqual([0, 2.5, 100, null, null, null]);
    expect([1, 0.5, "250m", 0, -1, "0m", "1"].map(cores)).toEqual([1, 0.5, 0.25, null, null, null, null]);
  });
});

describe("a command line", () => {
  it("is split at spaces, with quotes around what holds some", () => {
    expect(splitCommand(`  node "my app.js" --name='' a"b c"d `)).toEqual({
      argv: ["node", "my app.js", "--name=", "ab cd"],
    });
  });

  it.each(["a | b", "a && b", "echo $HOME", "a > b", "cat *.txt", "~/x", "`a`"])("%j is for a shell only", (line) => {
    expect(splitCommand(line)).toHaveProperty("refused");
  });

  it("may not be empty or half quoted", () => {
    expect(splitCommand("   ")).toEqual({ refused: "the command is empty" });
    expect(splitCommand("a 'b")).toEqual({ refused: "the quote ' is never closed" });
  });
});

describe("the nearest name", () => {
  it("is offered when it is near enough", () => {
    const known = ["replicas", "command", "resources", "services"];
    expect(["replica", "comand", "Services", "servcies", "elephant"].map((word) => nearest(word, known))).toEqual([
      "replicas",
      "command",
      "services",
      "services",
      null,
    ]);
  });
});

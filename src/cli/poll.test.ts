import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pollFiles } from "./poll.js";

test("without watches, changed, new and removed files are found by looking", async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), "windlass-poll-"));
  mkdirSync(path.join(directory, "src"));
  writeFileSync(path.join(directory, "src", "gone.js"), "1");
  writeFileSync(path.join(directory, "src", "changed.js"), "1");
  const found = new Promise<readonly string[]>((resolve) => {
    const stop = pollFiles([{ directory, ignores: (name) => name === "ignored.log" }], resolve, 20);
    onTestFinished(() => {
      stop();
      rmSync(directory, { recursive: true, force: true });
    });
  });
  writeFileSync(path.join(directory, "ignored.log"), "1");
  writeFileSync(path.join(directory, "src", "changed.js"), "longer");
  writeFileSync(path.join(directory, "new.js"), "1");
  rmSync(path.join(directory, "src", "gone.js"));
  expect((await found).map((file) => path.relative(directory, file))).toEqual([
    "new.js",
    "src/changed.js",
    "src/gone.js",
  ]);
});

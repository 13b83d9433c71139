import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { watchFiles } from "./watch.js";

function project(): { directory: string; until: (name: string) => Promise<void>; seen: string[] } {
  const directory = mkdtempSync(path.join(os.tmpdir(), "windlass-watch-"));
  mkdirSync(path.join(directory, "node_modules"));
  mkdirSync(path.join(directory, "src"));
  const seen: string[] = [];
  let wake = () => {};
  const stop = watchFiles(
    [
      { directory, ignores: (name) => name !== "windlass.system.yaml" },
      { directory, ignores: (name) => name === "windlass.system.yaml" || name.startsWith("ignored") },
    ],
    (paths) => {
      seen.push(...paths.map((file) => path.relative(directory, file)));
      wake();
    },
  );
  onTestFinished(() => {
    stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const until = async (name: string) => {
    while (!seen.includes(name))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  return { directory, seen, until };
}

test("a file that is written, replaced, or made in a new directory is noticed; what is ignored is not", async () => {
  const { directory, seen, until } = project();
  writeFileSync(path.join(directory, "ignored.log"), "1");
  writeFileSync(path.join(directory, "node_modules", "x.js"), "1");
  writeFileSync(path.join(directory, "src", "server.js"), "1");
  await until("src/server.js");
  // Editors write beside and rename.
  writeFileSync(path.join(directory, "ignored.swp"), "2");
  renameSync(path.join(directory, "ignored.swp"), path.join(directory, "app.js"));
  await until("app.js");
  writeFileSync(path.join(directory, "windlass.system.yaml"), "name: x");
  await until("windlass.system.yaml");
  mkdirSync(path.join(directory, "lib"));
  await until("lib");
  writeFileSync(path.join(directory, "lib", "a.js"), "1");
  await until("lib/a.js");
  expect(seen.filter((name) => name.startsWith("ignored") || name.startsWith("node_modules"))).toEqual([]);
});

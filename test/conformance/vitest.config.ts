import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { TriedAgain } from "./tried-again.js";

const json: ["json", { outputFile: string }] = ["json", { outputFile: ".ci/report.json" }];

/** Against real engines: what `npm test` needs none of. One file at a time, each with engines of its own. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  resolve: { alias: { windlass: fileURLToPath(new URL("../../src/index.ts", import.meta.url)) } },
  test: {
    include: ["test/conformance/{docker,kubernetes}/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    // A real kubelet or Engine on a machine that does other things may miss its moment: what fails is shown, and tried once more.
    retry: process.env.CI === undefined ? 0 : 1,
    reporters: ["default", new TriedAgain(), ...(process.env.CI === undefined ? [] : [json])],
  },
});

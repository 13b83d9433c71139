import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  // Specs import the package by its name, as users' do.
  resolve: { alias: { windlass: fileURLToPath(new URL("./src/index.ts", import.meta.url)) } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "systems/**/*.test.ts", "bench/**/*.test.ts"],
    // Real engines have a run of their own: test/conformance/vitest.config.ts.
    exclude: [...configDefaults.exclude, "test/conformance/docker/**", "test/conformance/kubernetes/**"],
    // Real processes on a loaded two-core machine: generous limits, and never a duration in an assertion.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: process.env.CI === undefined ? ["default"] : ["default", ["json", { outputFile: ".ci/report.json" }]],
  },
});

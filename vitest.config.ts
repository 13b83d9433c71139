import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "systems/**/*.test.ts", "bench/**/*.test.ts"],
    // Real processes on a loaded two-core machine: generous limits, and never a duration in an assertion.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});

import type { CompiledAnalysis, CompiledSignal, CompiledSource } from "../../src/spec/compiled.js";

function signal(name: string, source: CompiledSource): CompiledSignal {
  return { name, margin: { fail: 0, pass: 0.05 }, objective: null, source };
}

/** Errors and slow requests, compared as by default, but content with what 50 requests a second can prove in a stage. */
export const ANALYSIS: CompiledAnalysis = {
  falseAlarms: 0.01,
  falsePasses: 0.05,
  signals: [signal("errors", { kind: "errors" }), signal("slow", { kind: "slow", slowerThanMs: null })],
};

/** A signal that others count. */
export const CHECKOUT = signal("checkout", {
  kind: "command",
  argv: ["check"],
  everyMs: 1_000,
  timeoutMs: 500,
  staleMs: 3_000,
});

export function analysisOf(...signals: readonly CompiledSignal[]): CompiledAnalysis {
  return { ...ANALYSIS, signals };
}

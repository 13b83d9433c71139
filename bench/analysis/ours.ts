import { Comparison } from "../../src/core/analysis/comparison.js";
import type { ReplicaCounts } from "../../src/core/analysis/second.js";
import type { Decision, Trace } from "./trace.js";

/** The one configuration for all traces: levels 1 % and 5 %, margins 0 and 0.5 points; the rest is the product's. */
export const OURS = { level: { fail: 0.01, pass: 0.05 }, margin: { fail: 0, pass: 0.005 } } as const;

type Mutable = { -readonly [K in keyof ReplicaCounts]: ReplicaCounts[K] };

/** The first verdict of the kind asked for. */
export function judgeTrace(trace: Trace, what: "fail" | "pass" | "both"): Decision | null {
  const comparison = new Comparison({ signal: "errors", ...OURS });
  const stable: Mutable[] = trace.stable.map((_, i) => ({ replica: `s${i}`, bad: 0, total: 0 }));
  const canary: Mutable[] = trace.canary.map((_, i) => ({ replica: `c${i}`, bad: 0, total: 0 }));
  const second = { at: 0, stable, canary };
  let passed: Decision | null = null;
  for (let i = 0; i < trace.history + trace.seconds; i++) {
    second.at = i * 1_000;
    for (let r = 0; r < stable.length; r++) read(stable[r], trace.stable[r], i);
    if (i < trace.history) {
      comparison.learn(second);
      continue;
    }
    for (let r = 0; r < canary.length; r++) read(canary[r], trace.canary[r], i);
    comparison.update(second);
    const { fail, pass } = comparison.decided;
    const decision = i - trace.history + 1;
    if (fail && what !== "pass") return { verdict: "fail", second: decision };
    // A canary that fails is gone; whether the other test alone would have let it pass is asked here.
    if (pass && what === "pass") return { verdict: "pass", second: decision };
    if (pass && passed === null) passed = { verdict: "pass", second: decision };
  }
  return what === "both" ? passed : null;
}

function read(into: Mutable | undefined, column: Trace["stable"][number] | undefined, at: number): void {
  if (into === undefined || column === undefined) return;
  into.bad = column.bad[at] ?? 0;
  into.total = column.total[at] ?? 0;
}

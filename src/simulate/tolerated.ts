import type { CompiledAnalysis } from "../spec/compiled.js";
import { type Harm, percentText } from "./harm.js";

/** Why the comparison may let this harm through however many requests it sees; null: it may not. */
export function toleratedBy(analysis: CompiledAnalysis, { label, shares }: Harm): string | null {
  const kind = shares.errors > 0 ? "errors" : "slow";
  const signal = analysis.signals.find(({ source }) => source.kind === kind);
  if (signal === undefined)
    return `${label}: nothing compares ${kind === "errors" ? "errors" : "slow requests"}, guards and time alone decide`;
  const { fail } = signal.margin;
  // Shares are differences of decimal fractions: what is equal on paper is not always so here.
  if (shares[kind] > fail * (1 + 1e-9)) return null;
  return `${label} is what the spec allows: margin.fail of ${signal.name} is ${percentText(fail)}`;
}

import type { Release } from "../core/model/revision.js";
import type { CompiledAnalysis, CompiledEnvironment, CompiledService, CompiledSignal } from "../spec/compiled.js";
import { digestOf } from "../spec/digest.js";

/** What is left of an environment when one service is rehearsed: others, resources, secrets and files play no part. */
export function partOf(environment: CompiledEnvironment, service: CompiledService): CompiledEnvironment {
  const alone: CompiledService = {
    ...service,
    source: null,
    environment: {},
    uses: [],
    after: [],
    replicas: Math.max(1, service.replicas),
    analysis: comparisonBy(service, isCounted),
  };
  return { ...environment, freezes: [], resources: {}, services: { [service.name]: alone } };
}

/** What Windlass counts itself, second by second; it is rehearsed and replayed. */
export function isCounted({ source }: CompiledSignal): boolean {
  return source.kind === "errors" || source.kind === "slow";
}

/** The comparison by the signals that are kept; they have the part of α that they had among all. Null: none is. */
export function comparisonBy(
  { analysis }: CompiledService,
  keeps: (signal: CompiledSignal) => boolean,
): CompiledAnalysis | null {
  const signals = analysis?.signals.filter(keeps) ?? [];
  if (analysis == null || signals.length === 0) return null;
  return { ...analysis, signals, falseAlarms: (analysis.falseAlarms * signals.length) / analysis.signals.length };
}

/** Names of the signals that {@link comparisonBy} leaves out. */
export function leftOut({ analysis }: CompiledService, keeps: (signal: CompiledSignal) => boolean): readonly string[] {
  return analysis?.signals.filter((signal) => !keeps(signal)).map(({ name }) => name) ?? [];
}

/** Two releases that differ in the service's artefact alone. */
export function releaseOf(label: "current" | "new", service: string): Release {
  const digest = digestOf({ rehearsed: label });
  return {
    digest,
    label,
    version: label,
    commit: null,
    dirty: false,
    artefacts: { [service]: digest },
    spec: digest,
  };
}

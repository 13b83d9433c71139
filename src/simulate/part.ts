import type { Release } from "../core/model/revision.js";
import type { CompiledAnalysis, CompiledEnvironment, CompiledService } from "../spec/compiled.js";
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
    analysis: countedBySeconds(service),
  };
  return { ...environment, freezes: [], resources: {}, services: { [service.name]: alone } };
}

/** Signals that others count are neither rehearsed nor replayed; errors and slow requests keep the part of α that they have. */
export function countedBySeconds({ analysis }: CompiledService): CompiledAnalysis | null {
  if (analysis == null) return null;
  const signals = analysis.signals.filter(({ source }) => source.kind === "errors" || source.kind === "slow");
  if (signals.length === 0) return null;
  return { ...analysis, signals, falseAlarms: (analysis.falseAlarms * signals.length) / analysis.signals.length };
}

/** Names of the signals that {@link countedBySeconds} leaves out. */
export function notRehearsed({ analysis }: CompiledService): readonly string[] {
  if (analysis == null) return [];
  return analysis.signals
    .filter(({ source }) => source.kind !== "errors" && source.kind !== "slow")
    .map(({ name }) => name);
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

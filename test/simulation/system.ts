import type { Command } from "../../src/core/model/command.js";
import type { GroupIntent } from "../../src/core/model/intent.js";
import type { Release } from "../../src/core/model/revision.js";
import type { CompiledEnvironment, CompiledService, Strategy } from "../../src/spec/compiled.js";
import { digestOf } from "../../src/spec/digest.js";
import { type Behaviour, WELL } from "../../src/targets/model/behaviour.js";

/** Ways in which a version of a service behaves; the second argument of its command names one. */
export const BEHAVIOURS = {
  good: WELL,
  slow: { ...WELL, readyAfterMs: 4_000, stopsAfterMs: 1_500 },
  "never-ready": { ...WELL, readyAfterMs: null },
  "ends-at-once": { ...WELL, endsAfterMs: 20, ends: null, lines: ["cannot read config.json"] },
  "ends-once": { ...WELL, endsAfterMs: 2_500, ends: 1 },
  "ends-later": { ...WELL, endsAfterMs: 3_000, ends: null },
  "cannot-start": { ...WELL, problem: "command not found: app" },
  erroring: { ...WELL, errorShare: 0.3 },
  "a-little-worse": { ...WELL, errorShare: 0.03 },
  slower: { ...WELL, medianMs: 200 },
  "fails-smoke": { ...WELL, smokePasses: false },
} satisfies Record<string, Behaviour>;
export type BehaviourName = keyof typeof BEHAVIOURS;

export function behaviourOf(group: GroupIntent): Behaviour {
  const { run } = group.workload;
  const name = run.kind === "command" ? run.argv[1] : undefined;
  return BEHAVIOURS[(name ?? "good") as BehaviourName];
}

export const ROLLING: Strategy = { kind: "rolling", maxSurge: 1, maxUnavailable: 0, observeMs: 0 };

export interface ServiceOptions extends Partial<Omit<CompiledService, "name" | "run">> {
  readonly behaviour?: BehaviourName;
  readonly version?: string;
}

export function service(name: string, options: ServiceOptions = {}): CompiledService {
  const { behaviour = "good", version = "1", ...rest } = options;
  return {
    name,
    run: { kind: "command", argv: ["app", behaviour, version] },
    source: null,
    listen: { host: "127.0.0.1", port: 8080, tls: null },
    environment: {},
    probes: { startup: null, liveness: null, readiness: null },
    replicas: 2,
    cpu: null,
    memoryBytes: null,
    stopGraceMs: 1_000,
    strategy: ROLLING,
    guards: [{ signal: "errors", above: 0.05, forMs: 3_000, minSamples: 10, slowMs: null }],
    onTooLittleData: "hold",
    readyDeadlineMs: 20_000,
    edge: {
      outAfterFailures: 3,
      inAfterSuccesses: 2,
      retries: 1,
      holdMs: 1_000,
      drainMs: 1_000,
      requestTimeoutMs: 10_000,
      maxBodyBytes: 1_000_000,
    },
    uses: [],
    after: [],
    ...rest,
  };
}

export function environment(
  services: readonly CompiledService[],
  options: Partial<Omit<CompiledEnvironment, "services">> = {},
): CompiledEnvironment {
  return {
    name: "production",
    target: "host",
    protected: false,
    whenBusy: "supersede",
    rollbackWindow: 3,
    keepReleases: 10,
    freezes: [],
    resources: {},
    ...options,
    services: Object.fromEntries(services.map((one) => [one.name, one])),
  };
}

export function release(label: string): Release {
  const digest = digestOf({ label });
  return { digest, label, version: label, commit: null, dirty: false, artefacts: {}, spec: digest };
}

export function deployOf(label: string, to: CompiledEnvironment, fast = false): Command {
  return { kind: "deploy", release: release(label), environment: to, reason: null, fast };
}

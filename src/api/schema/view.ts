import { z } from "zod";
import type { Update } from "../../engine/control-plane.js";
import type { EnvironmentView, RollbackPreview } from "../../engine/view.js";
import { eventRecord } from "./answers.js";
import { component, type Same } from "./component.js";

const revisionName = component("RevisionName", z.object({ id: z.string(), label: z.string() }));
const verdict = z.enum(["pass", "fail", "inconclusive", "no-data", "provider-error"]);
const counts = z.object({ bad: z.number(), total: z.number() });

const interval = z.object({ low: z.number(), high: z.number() });
const failOrPass = z.object({ fail: z.number(), pass: z.number() });

const comparison = component(
  "ComparisonEvidence",
  z.object({
    level: failOrPass,
    margin: failOrPass,
    evidence: failOrPass,
    needed: failOrPass,
    rates: z.object({ stable: interval.nullable(), canary: interval, difference: interval.nullable() }),
    seconds: z.number(),
    warmUp: z.object({ ms: z.number(), requests: z.number() }),
    discount: z.number(),
    slowerThanMs: z.number().nullable(),
    outlook: z.string(),
  }),
  "What a sequential comparison found; shares are 0..1, evidence is the natural logarithm of an e-value.",
);

const judgement = component(
  "Judgement",
  z.object({
    verdict,
    signals: z.array(
      z.object({
        signal: z.string(),
        verdict,
        canary: counts,
        stable: counts.nullable(),
        sentence: z.string(),
        comparison: comparison.exactOptional(),
      }),
    ),
    sentence: z.string(),
  }),
);

const exitReport = component(
  "ExitReport",
  z.object({
    code: z.int().nullable(),
    signal: z.string().nullable(),
    reason: z.enum(["exited", "out-of-memory", "liveness", "stopped", "could-not-start", "unknown"]),
    message: z.string(),
    lastLines: z.array(z.string()),
  }),
);

const replica = component(
  "Replica",
  z.object({
    id: z.string(),
    phase: z.enum(["starting", "ready", "unready", "backoff", "draining", "stopping"]),
    restarts: z.int(),
    crashLoop: z.boolean(),
    lastExit: exitReport.nullable(),
    probe: z.string().nullable(),
    port: z.int().nullable(),
    pid: z.int().nullable(),
    cpuShare: z.number().exactOptional(),
    memoryBytes: z.number().exactOptional(),
  }),
);

const cause = z.object({
  kind: z.enum(["verdict", "not-ready", "crash", "smoke", "too-little-data", "person", "superseded", "stopped"]),
  service: z.string().nullable(),
  sentence: z.string(),
  exit: exitReport.nullable(),
  judgement: judgement.nullable(),
});

const deployment = component(
  "DeploymentView",
  z.object({
    id: z.string(),
    kind: z.enum(["deploy", "rollback"]),
    from: revisionName.nullable(),
    to: revisionName,
    by: z.string(),
    reason: z.string().nullable(),
    startedAt: z.number(),
    finishedAt: z.number().nullable(),
    outcome: z.enum(["succeeded", "rolled-back", "failed", "superseded"]).nullable(),
    goingBack: z.boolean(),
    cause: cause.nullable(),
    paused: z.object({ by: z.string(), reason: z.string().nullable(), at: z.number() }).nullable(),
  }),
);

const group = component(
  "GroupView",
  z.object({
    id: z.string(),
    revision: revisionName,
    role: z.enum(["stable", "new", "kept"]),
    asked: z.number(),
    ready: z.number(),
    weight: z.number(),
    weightInForce: z.number().nullable(),
    inFlight: z.number(),
    problem: z.string().nullable(),
    replicas: z.array(replica),
    removeAt: z.number().nullable(),
  }),
);

const service = component(
  "ServiceView",
  z.object({
    name: z.string(),
    url: z.string().nullable(),
    groups: z.array(group),
    stage: z
      .object({
        number: z.int(),
        of: z.int(),
        share: z.number(),
        observingSince: z.number().nullable(),
        minMs: z.number(),
        maxMs: z.number(),
      })
      .nullable(),
    judgement: judgement.nullable(),
  }),
);

const drift = component(
  "Drift",
  z.object({
    object: z.string(),
    field: z.string(),
    wanted: z.string(),
    found: z.string(),
    by: z.string().nullable(),
    healed: z.boolean(),
    at: z.number(),
  }),
  "A field of an object in a cluster that somebody else changed; an empty field is the whole object, deleted.",
);

export const environmentView = component(
  "EnvironmentView",
  z.object({
    environment: z.string(),
    version: z.int(),
    now: z.number(),
    cluster: z.object({ context: z.string().nullable(), namespace: z.string() }).exactOptional(),
    current: revisionName.nullable(),
    deployment: deployment.nullable(),
    next: z.object({ id: z.string(), to: revisionName }).nullable(),
    waiting: z.object({
      service: z.string().nullable(),
      sentence: z.string(),
      change: z.string(),
      until: z.number().nullable(),
    }),
    services: z.array(service),
    resources: z.record(z.string(), z.object({ phase: z.enum(["starting", "ready", "failed"]), detail: z.string() })),
    holds: z.array(z.object({ reason: z.string(), by: z.string(), at: z.number(), revision: revisionName })),
    before: revisionName.nullable(),
    targetProblem: z.string().nullable(),
    seenAt: z.number().nullable(),
    drift: z.array(drift).exactOptional(),
  }),
);

export const update = component(
  "Update",
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("event"), event: eventRecord }),
    z.object({ kind: z.literal("view"), view: environmentView }),
  ]),
);

export const rollbackPreview = component(
  "RollbackPreview",
  z.object({
    from: revisionName.nullable(),
    to: revisionName,
    withoutStages: z.boolean(),
    services: z.array(z.object({ service: z.string(), change: z.string() })),
    notReverted: z.array(z.string()),
  }),
);

/** A difference between these schemas and the contract does not compile. */
export const inStep: readonly true[] = [
  true satisfies Same<z.output<typeof environmentView>, EnvironmentView>,
  true satisfies Same<z.output<typeof update>, Update>,
  true satisfies Same<z.output<typeof rollbackPreview>, RollbackPreview>,
];

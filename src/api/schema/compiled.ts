import { z } from "zod";
import type {
  CompiledEnvironment,
  CompiledResource,
  CompiledService,
  EnvironmentValue,
  Guard,
  Listen,
  Probe,
  Run,
  Strategy,
} from "../../spec/compiled.js";
import { analysis } from "./compiled-analysis.js";
import { build, ingress, kubernetes, registry, scaling } from "./compiled-cluster.js";
import { component, type Same } from "./component.js";
import { argv, count, milliseconds, name, path, port, type sha256, text, variable } from "./scalars.js";

/**
 * The compiled spec as it comes over the wire. Unknown keys are refused: a setting that this control plane does not
 * know and drops in silence would be a promise that nobody keeps.
 */
const environmentValue = component(
  "EnvironmentValue",
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("plain"), value: text(131_072) }),
    z.strictObject({ kind: z.literal("secret"), name: text(128), generate: z.boolean() }),
  ]),
);

const run = component(
  "Run",
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("command"), argv }),
    z.strictObject({ kind: z.literal("image"), image: text(1_024), argv: argv.nullable() }),
  ]),
);

const probe = component(
  "Probe",
  z.strictObject({
    action: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("http"), path }),
      z.strictObject({ kind: z.literal("tcp") }),
      z.strictObject({ kind: z.literal("command"), argv }),
    ]),
    delayMs: milliseconds,
    periodMs: z.number().positive(),
    timeoutMs: z.number().positive(),
    failures: z.int().positive(),
    successes: z.int().positive(),
  }),
);

const listen = component(
  "Listen",
  z.strictObject({
    host: text(255).min(1),
    port,
    tls: z.strictObject({ certificate: text(4_096), key: text(4_096) }).nullable(),
  }),
);

const routeMatch = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("header"),
    name: text(256).min(1),
    value: text(8_192),
    mode: z.enum(["exact", "contains"]),
  }),
  z.strictObject({ kind: z.literal("cookie"), name: text(256).min(1), value: text(8_192) }),
]);

const smokeCheck = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("http"),
    path,
    status: z.int().min(100).max(599),
    timeoutMs: z.number().positive(),
  }),
  z.strictObject({ kind: z.literal("command"), argv, timeoutMs: z.number().positive() }),
]);

const share = z.int().min(1).max(100);
export const stage = z.strictObject({ share, minMs: milliseconds, maxMs: milliseconds });

const strategy = component(
  "Strategy",
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("rolling"), maxSurge: count, maxUnavailable: count, observeMs: milliseconds }),
    z.strictObject({
      kind: z.literal("blue-green"),
      smoke: z.array(smokeCheck).max(100),
      observeMs: milliseconds,
      keepOldMs: milliseconds,
    }),
    z.strictObject({
      kind: z.literal("canary"),
      stages: z.array(stage).min(1).max(100),
      routes: z.array(routeMatch).max(100),
      sticky: z.strictObject({ cookie: text(256).min(1), ttlMs: milliseconds }).nullable(),
      keepOldMs: milliseconds,
      mirror: z.int().min(1).max(100).exactOptional(),
    }),
  ]),
);

const guard = component(
  "Guard",
  z.strictObject({
    signal: z.enum(["errors", "slow", "restarts"]),
    above: z.number().nonnegative(),
    forMs: milliseconds,
    minSamples: count,
    slowMs: milliseconds.nullable(),
  }),
);

const edge = z.strictObject({
  outAfterFailures: count,
  inAfterSuccesses: count,
  retries: count,
  holdMs: milliseconds,
  drainMs: milliseconds,
  requestTimeoutMs: milliseconds,
  maxBodyBytes: count,
});

const service = component(
  "CompiledService",
  z.strictObject({
    name,
    run,
    source: z.strictObject({ directory: text(4_096), exclude: z.array(text(4_096)).max(10_000) }).nullable(),
    listen: listen.nullable(),
    environment: z.record(variable, environmentValue),
    probes: z.strictObject({ startup: probe.nullable(), liveness: probe.nullable(), readiness: probe.nullable() }),
    replicas: z.int().min(0).max(1_000),
    cpu: z.number().positive().nullable(),
    memoryBytes: z.int().positive().nullable(),
    stopGraceMs: milliseconds,
    strategy,
    guards: z.array(guard).max(100),
    analysis: analysis.nullable().exactOptional(),
    onTooLittleData: z.enum(["hold", "abort", "continue"]),
    readyDeadlineMs: z.number().positive(),
    edge,
    uses: z.array(z.strictObject({ resource: name, variable })).max(100),
    after: z.array(name).max(100),
    build: build.exactOptional(),
    scaling: scaling.exactOptional(),
    ingress: ingress.exactOptional(),
    calls: z
      .array(z.strictObject({ service: name, variable }))
      .max(100)
      .exactOptional(),
    adopt: text(253).min(1).exactOptional(),
  }),
);

const resource = component(
  "CompiledResource",
  z.strictObject({
    name,
    kind: z.enum(["postgres", "redis"]),
    source: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("embedded") }),
      z.strictObject({ kind: z.literal("local"), url: text(4_096) }),
      z.strictObject({ kind: z.literal("external"), urlSecret: text(128) }),
    ]),
  }),
);

export const compiledEnvironment = component(
  "CompiledEnvironment",
  z
    .strictObject({
      name,
      target: z.enum(["host", "kubernetes"]),
      kubernetes: kubernetes.exactOptional(),
      registry: registry.exactOptional(),
      runner: z.enum(["process", "docker"]).exactOptional(),
      protected: z.boolean(),
      whenBusy: z.enum(["supersede", "refuse"]),
      rollbackWindow: count,
      keepReleases: z.int().positive(),
      freezes: z
        .array(z.strictObject({ from: z.int(), to: z.int(), reason: z.string().min(1) }).readonly())
        .max(100)
        .readonly(),
      services: z.record(name, service),
      resources: z.record(name, resource),
    })
    .superRefine((environment, context) => {
      const wrong = (at: (string | number)[], message: string) =>
        context.addIssue({ code: "custom", path: at, message, input: undefined });
      if ((environment.target === "kubernetes") !== (environment.kubernetes !== undefined))
        wrong(["kubernetes"], "the target kubernetes, and no other, says how its cluster is reached");
      for (const [key, value] of Object.entries(environment.resources))
        if (value.name !== key) wrong(["resources", key, "name"], `is ${value.name}, its key is ${key}`);
      for (const [key, value] of Object.entries(environment.services)) {
        if (value.name !== key) wrong(["services", key, "name"], `is ${value.name}, its key is ${key}`);
        for (const [index, { resource: used }] of value.uses.entries())
          if (!Object.hasOwn(environment.resources, used))
            wrong(["services", key, "uses", index, "resource"], `there is no resource ${used}`);
        for (const [index, { service: called }] of (value.calls ?? []).entries())
          if (!Object.hasOwn(environment.services, called))
            wrong(["services", key, "calls", index, "service"], `there is no service ${called}`);
        for (const [index, other] of value.after.entries())
          if (!Object.hasOwn(environment.services, other))
            wrong(["services", key, "after", index], `there is no service ${other}`);
      }
    }),
);

/** A difference between these schemas and spec/compiled.ts does not compile. */
export const inStep: readonly true[] = [
  true satisfies Same<z.output<typeof compiledEnvironment>, CompiledEnvironment>,
  true satisfies Same<z.output<typeof service>, CompiledService>,
  true satisfies Same<z.output<typeof resource>, CompiledResource>,
  true satisfies Same<z.output<typeof environmentValue>, EnvironmentValue>,
  true satisfies Same<z.output<typeof run>, Run>,
  true satisfies Same<z.output<typeof probe>, Probe>,
  true satisfies Same<z.output<typeof listen>, Listen>,
  true satisfies Same<z.output<typeof strategy>, Strategy>,
  true satisfies Same<z.output<typeof guard>, Guard>,
  true satisfies Same<z.output<typeof sha256>, string>,
];

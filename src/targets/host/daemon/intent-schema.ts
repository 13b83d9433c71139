import { z } from "zod";
import type { Intent } from "../../../core/model/intent.js";

/**
 * The intent as it comes over the socket. Unknown keys are dropped rather than refused: a control plane that is one
 * version ahead may say more than this daemon knows.
 */
const count = z.number().int().nonnegative();
const milliseconds = z.number().nonnegative();
const argv = z.array(z.string()).min(1);

const environmentValue = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("plain"), value: z.string() }),
  z.object({ kind: z.literal("secret"), name: z.string(), generate: z.boolean() }),
]);

const run = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("command"), argv }),
  z.object({ kind: z.literal("image"), image: z.string(), argv: argv.nullable() }),
]);

const probe = z
  .object({
    action: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("http"), path: z.string().startsWith("/") }),
      z.object({ kind: z.literal("tcp") }),
      z.object({ kind: z.literal("command"), argv }),
    ]),
    delayMs: milliseconds,
    periodMs: z.number().positive(),
    timeoutMs: z.number().positive(),
    failures: z.number().int().positive(),
    successes: z.number().int().positive(),
  })
  .nullable();

const routeMatch = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("header"), name: z.string(), value: z.string(), mode: z.enum(["exact", "contains"]) }),
  z.object({ kind: z.literal("cookie"), name: z.string(), value: z.string() }),
]);

const smokeCheck = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("http"),
    path: z.string().startsWith("/"),
    status: count,
    timeoutMs: z.number().positive(),
  }),
  z.object({ kind: z.literal("command"), argv, timeoutMs: z.number().positive() }),
]);

const workload = z.object({
  run,
  artefact: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .nullable(),
  environment: z.record(z.string(), environmentValue),
  probes: z.object({ startup: probe, liveness: probe, readiness: probe }),
  hasPort: z.boolean(),
  cpu: z.number().positive().nullable(),
  memoryBytes: z.number().int().positive().nullable(),
  stopGraceMs: milliseconds,
  uses: z.array(z.object({ resource: z.string(), variable: z.string() })),
});

const group = z.object({
  revision: z.string(),
  label: z.string(),
  replicas: z.union([count, z.object({ min: count, max: count })]),
  workload,
  digest: z.string(),
});

const traffic = z.object({
  listen: z.object({
    host: z.string(),
    port: z.number().int().min(0).max(65_535),
    tls: z.object({ certificate: z.string(), key: z.string() }).nullable(),
  }),
  weights: z.record(z.string(), z.number().int().min(0).max(100)),
  routes: z.array(z.object({ match: routeMatch, group: z.string() })),
  sticky: z.object({ cookie: z.string(), ttlMs: milliseconds }).nullable(),
  policy: z.object({
    outAfterFailures: count,
    inAfterSuccesses: count,
    retries: count,
    holdMs: milliseconds,
    drainMs: milliseconds,
    requestTimeoutMs: milliseconds,
    maxBodyBytes: count,
  }),
  slowMs: z.number().nullable(),
});

const resource = z.object({
  name: z.string(),
  kind: z.enum(["postgres", "redis"]),
  source: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("embedded") }),
    z.object({ kind: z.literal("local"), url: z.string() }),
    z.object({ kind: z.literal("external"), urlSecret: z.string() }),
  ]),
});

export const intentSchema: z.ZodType<Intent> = z.object({
  services: z.record(z.string(), z.object({ groups: z.record(z.string(), group), traffic: traffic.nullable() })),
  resources: z.record(z.string(), resource),
  tasks: z.array(
    z.object({
      id: z.string(),
      service: z.string(),
      group: z.string(),
      kind: z.literal("smoke"),
      checks: z.array(smokeCheck),
    }),
  ),
});

import { z } from "zod";
import { component } from "./component.js";
import { milliseconds, path, text } from "./scalars.js";

export const registry = z.strictObject({ prefix: text(1_024).min(1), insecure: z.boolean() });

export const build = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("dockerfile"),
    file: text(4_096).min(1),
    context: text(4_096).min(1),
    stage: text(256).nullable(),
  }),
  z.strictObject({ kind: z.literal("files"), base: text(4_096).min(1) }),
]);

export const scaling = z
  .strictObject({
    min: z.int().min(1).max(1_000),
    max: z.int().min(1).max(1_000),
    cpu: z.number().positive().nullable(),
    memory: z.number().positive().nullable(),
    upMs: milliseconds,
    downMs: milliseconds,
  })
  .refine(({ min, max }) => min <= max, { error: "min is at most max" });

export const ingress = z.strictObject({
  hosts: z.array(text(253).min(1)).max(100),
  path,
  tls: text(253).nullable(),
  redirect: z.boolean(),
  rateLimit: z.number().positive().nullable(),
});

export const kubernetes = component(
  "CompiledKubernetes",
  z.strictObject({
    kubeconfig: text(4_096).nullable(),
    context: text(1_024).nullable(),
    namespace: text(63).min(1),
    traffic: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("gateway"),
        name: text(253).min(1),
        namespace: text(63).min(1),
        section: text(253).nullable(),
        metrics: text(4_096).nullable(),
      }),
      z.strictObject({ kind: z.literal("ingress"), className: text(253).nullable() }),
      z.strictObject({ kind: z.literal("replicas") }),
    ]),
    pullSecret: text(253).min(1).exactOptional(),
    drift: z.enum(["heal", "report"]),
  }),
);

import { z } from "zod";
import type { Command, CommandEnvelope } from "../../core/model/command.js";
import type { Release } from "../../core/model/revision.js";
import { compiledEnvironment } from "./compiled.js";
import { component, type Same } from "./component.js";
import { count, name, revisionId, sentence, sha256, text, word } from "./scalars.js";

const reason = sentence.nullable();

export const release = component(
  "Release",
  z.strictObject({
    digest: sha256,
    label: word,
    version: word,
    commit: text(128).nullable(),
    dirty: z.boolean(),
    artefacts: z.record(name, sha256),
    images: z
      .record(name, text(1_024).regex(/(^|@)sha256:[0-9a-f]{64}$/, { error: "not an image by digest" }))
      .exactOptional(),
    spec: sha256,
  }),
);

const command = component(
  "Command",
  z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("deploy"),
      release,
      environment: compiledEnvironment,
      reason,
      fast: z.boolean(),
    }),
    z.strictObject({ kind: z.literal("rollback"), to: revisionId.nullable(), reason }),
    z.strictObject({ kind: z.literal("advance"), full: z.boolean() }),
    z.strictObject({ kind: z.literal("pause"), reason }),
    z.strictObject({ kind: z.literal("resume") }),
    z.strictObject({ kind: z.literal("abort"), reason }),
    z.strictObject({ kind: z.literal("hold"), revision: revisionId.nullable(), reason: sentence }),
    z.strictObject({ kind: z.literal("unhold"), revision: revisionId.nullable(), reason }),
    z.strictObject({ kind: z.literal("scale"), service: name, replicas: z.int().min(0).max(1_000) }),
    z.strictObject({ kind: z.literal("down"), reason }),
  ]),
);

export const commandEnvelope = component(
  "CommandEnvelope",
  z.strictObject({ command, key: word, expected: count.nullable(), by: word }),
);

export const planRequest = component("PlanRequest", z.strictObject({ release, environment: compiledEnvironment }));

/** A difference between these schemas and core/model does not compile. */
export const inStep: readonly true[] = [
  true satisfies Same<z.output<typeof release>, Release>,
  true satisfies Same<z.output<typeof command>, Command>,
  true satisfies Same<z.output<typeof commandEnvelope>, CommandEnvelope>,
];

import { z } from "zod";
import type { CompiledAnalysis } from "../../spec/compiled.js";
import { component, type Same } from "./component.js";
import { argv, name, path, secretName, text } from "./scalars.js";

const risk = z.number().gt(0).lt(1);
const polled = {
  everyMs: z.number().min(1_000),
  timeoutMs: z.number().positive(),
  staleMs: z.number().positive(),
};
const query = text(8_192).min(1);
const url = text(4_096).regex(/^https?:\/\//, { error: "a URL begins with http:// or https://" });
const token = secretName.nullable();
const metric = z.strictObject({ metric: text(1_024).min(1), attributes: z.record(z.string(), text(4_096)) });

const signal = component(
  "Signal",
  z.strictObject({
    name,
    margin: z
      .strictObject({ fail: z.number().min(0).lt(1), pass: risk })
      .refine(({ fail, pass }) => fail < pass, { error: "fail is less than pass" }),
    objective: risk.nullable(),
    source: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("errors") }),
      z.strictObject({ kind: z.literal("slow"), slowerThanMs: z.number().positive().nullable() }),
      z.strictObject({
        kind: z.literal("prometheus"),
        url,
        bad: query,
        total: query,
        replicaLabel: text(256).min(1),
        token,
        ...polled,
      }),
      z.strictObject({ kind: z.literal("otlp"), bad: metric, total: metric, ...polled }),
      z.strictObject({
        kind: z.literal("http"),
        url,
        bad: path,
        total: path,
        counts: z.enum(["cumulative", "delta"]),
        token,
        ...polled,
      }),
      z.strictObject({ kind: z.literal("command"), argv, ...polled }),
    ]),
  }),
);

export const analysis = component(
  "Analysis",
  z.strictObject({
    falseAlarms: risk,
    falsePasses: risk,
    signals: z
      .array(signal)
      .min(1)
      .max(20)
      .refine((signals) => new Set(signals.map((one) => one.name)).size === signals.length, {
        error: "two signals have the same name",
      }),
  }),
);

export const analysisInStep: readonly true[] = [true satisfies Same<z.output<typeof analysis>, CompiledAnalysis>];

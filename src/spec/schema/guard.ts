import { z } from "zod";
import { field, required } from "./field.js";
import { duration, percentage } from "./quantities.js";

const samples = z.int().min(0).max(1_000_000);

export const guard = z.union([
  z.strictObject({
    signal: required(z.literal("errors"), "Share of requests answered with 5xx or not at all."),
    above: required(percentage, "Above this the release does harm."),
    for: field(duration, "The window that is looked at."),
    minSamples: field(samples, "With fewer requests in the window there is no verdict."),
  }),
  z.strictObject({
    signal: required(z.literal("slow"), "Share of requests slower than slowerThan."),
    slowerThan: required(duration, "A request that takes longer is slow."),
    above: required(percentage, "Above this the release does harm."),
    for: field(duration, "The window that is looked at."),
    minSamples: field(samples, "With fewer requests in the window there is no verdict."),
  }),
  z.strictObject({
    signal: required(z.literal("restarts"), "Restarts of replicas."),
    above: required(z.int().min(0), "More than this in the window does harm."),
    for: field(duration, "The window that is looked at."),
  }),
]);

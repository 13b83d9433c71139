import { z } from "zod";
import { WindlassError } from "../../../error.js";
import { addressKey } from "./handover.js";
import type { EdgeTable } from "./protocol.js";

/** Ids go into log lines and labels as they are. */
const id = z.string().regex(/^[^"\\\p{Cc}]{1,256}$/u, "must be 1 to 256 printable characters without quotes");
const milliseconds = z.number().int().min(0);
const token = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be an HTTP token");

const replica = z.object({
  id,
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  ready: z.boolean(),
  draining: z.boolean(),
  probePath: z.string().startsWith("/").nullable(),
});

const match = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("header"), name: token, value: z.string(), mode: z.enum(["exact", "contains"]) }),
  z.object({ kind: z.literal("cookie"), name: token, value: z.string() }),
]);

const service = z
  .object({
    key: id,
    listener: z.object({ host: z.string().min(1), port: z.number().int().min(0).max(65_535) }),
    tls: z.object({ certificate: z.string(), key: z.string() }).nullable(),
    weights: z.record(id, z.number().int().min(0).max(100)),
    routes: z.array(z.object({ match, group: id })),
    sticky: z.object({ cookie: token, ttlMs: milliseconds }).nullable(),
    policy: z.object({
      outAfterFailures: z.number().int().min(1),
      inAfterSuccesses: z.number().int().min(1),
      retries: z.number().int().min(0).max(10),
      holdMs: milliseconds,
      drainMs: milliseconds,
      requestTimeoutMs: milliseconds,
      maxBodyBytes: milliseconds,
    }),
    slowMs: z.number().min(0).nullable(),
    groups: z.record(id, z.object({ label: z.string(), replicas: z.array(replica) })),
  })
  .superRefine((value, context) => {
    const problem = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const weights = Object.entries(value.weights);
    const sum = weights.reduce((total, [, weight]) => total + weight, 0);
    if (weights.length > 0 && sum !== 100) problem(["weights"], `must sum to 100, not ${sum}`);
    for (const [group] of weights) if (!(group in value.groups)) problem(["weights", group], "is not a group");
    for (const { group } of value.routes) if (!(group in value.groups)) problem(["routes"], `${group} is not a group`);
    if (Object.keys(value.groups).length > 255) problem(["groups"], "must be at most 255");
  });

const table = z
  .object({ generation: z.number().int().min(1), services: z.array(service) })
  .superRefine(({ services }, context) => {
    const keys = new Set<string>();
    const addresses = new Set<string>();
    for (const { key, listener } of services) {
      const address = addressKey(listener);
      if (keys.has(key)) context.addIssue({ code: "custom", path: ["services"], message: `${key} is there twice` });
      if (addresses.has(address))
        context.addIssue({ code: "custom", path: ["services"], message: `two services listen on ${address}` });
      keys.add(key);
      addresses.add(address);
    }
  });

/** Every problem at once, with its path; throws `edge-table-invalid`. */
export function parseTable(value: unknown): EdgeTable {
  const parsed = table.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new WindlassError("edge-table-invalid", `the routing table is invalid: ${problems.join("; ")}`, {
    facts: { problems },
  });
}

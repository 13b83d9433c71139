import { z } from "zod";
import { LATENCY_BUCKETS } from "../../core/analysis/latency.js";
import { WindlassError } from "../../error.js";

/** What the edge says to the daemon, and the daemon to the control plane, about requests; another process wrote it. */
const count = z.number().int().nonnegative();
const id = z.string().min(1);

export const edgeBlock = z.object({
  service: id,
  group: id,
  replica: id,
  second: count,
  total: count,
  errors: count,
  slow: count,
  latencies: z
    .custom<Readonly<Record<number, number>>>(areLatencies, "must be counts by bucket of latency")
    .exactOptional(),
});

export const edgeBlocks = z.object({
  edge: id,
  nowSecond: count,
  intoSecondMs: count,
  nextSecond: count.exactOptional(),
  blocks: z.array(edgeBlock),
});

export const signals = edgeBlocks.extend({ blocks: z.array(edgeBlock.extend({ restarts: count })) });

/** Throws `host-edge-answer` or `host-daemon-answer`, with the first few things that are wrong. */
export function counted<T>(schema: z.ZodType<T>, answer: unknown, peer: "edge" | "daemon"): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new WindlassError(`host-${peer}-answer`, `the ${peer} counted what cannot be: ${problems.join("; ")}`, {
    facts: { problems },
  });
}

function areLatencies(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const [bucket, requests] of Object.entries(value)) {
    if (!/^\d{1,2}$/.test(bucket) || Number(bucket) >= LATENCY_BUCKETS) return false;
    if (!Number.isSafeInteger(requests) || (requests as number) < 1) return false;
  }
  return true;
}

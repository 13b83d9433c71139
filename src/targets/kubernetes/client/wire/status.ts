import { z } from "zod";

const words = z.string().catch("");

const statusSchema = z.object({
  kind: z.literal("Status"),
  message: words,
  reason: words,
  code: z.number().catch(0),
  details: z
    .object({
      name: words,
      kind: words,
      retryAfterSeconds: z.number().catch(0),
      causes: z.array(z.object({ reason: words, message: words, field: words })).catch([]),
    })
    .catch({ name: "", kind: "", retryAfterSeconds: 0, causes: [] }),
});

/** What an API server answers instead of an object (`kind: Status`); absent parts are empty or 0. */
export type Status = z.infer<typeof statusSchema>;

export function statusOf(document: unknown): Status | null {
  const result = statusSchema.safeParse(document);
  return result.success ? result.data : null;
}

/** Of an answer's text; null when it is not a Status (a load balancer's page). */
export function parseStatus(text: string): Status | null {
  try {
    return statusOf(JSON.parse(text));
  } catch {
    return null;
  }
}

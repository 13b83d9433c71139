import { z } from "zod";
import type { Reading } from "../counter-book.js";
import type { Answer } from "../exchange.js";
import { quoted, unanswered } from "../unanswered.js";

/** Replicas times labels: more is a query that forgot to aggregate. */
export const MOST_SERIES = 2_000;

const element = z.object({
  metric: z.record(z.string(), z.string()),
  value: z.tuple([z.number(), z.string()]).optional(),
});
const refusal = z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() });
const success = z.object({
  status: z.literal("success"),
  warnings: z.array(z.string()).optional(),
  data: z.object({ resultType: z.string(), result: z.unknown() }),
});

/**
 * The counters in an answer of `/api/v1/query`. Rejects with a sentence what is not a whole answer with cumulative
 * counters of replicas. `name` is which of the two queries was asked.
 */
export function countersIn(answer: Answer, name: "bad" | "total", replicaLabel: string): Reading[] {
  const { data, warnings = [] } = successOf(answer, name);
  if (warnings.length > 0)
    throw unanswered(`Prometheus answered "${name}" in part only: ${quoted(warnings.join("; "))}`);
  if (data.resultType !== "vector")
    throw unanswered(
      `"${name}" gives a ${quoted(data.resultType)}, not a vector: it has to give one counter per replica, sum by (${replicaLabel}) (…)`,
    );
  const parsed = z.array(element).safeParse(data.result);
  if (!parsed.success) throw unanswered(`Prometheus' answer to "${name}" has another form: ${issue(parsed.error)}`);
  if (parsed.data.length > MOST_SERIES)
    throw unanswered(
      `"${name}" gives ${parsed.data.length} series, more than ${MOST_SERIES}: sum by (${replicaLabel}) (…)`,
    );
  return parsed.data.flatMap(({ metric, value }) => reading(metric, value?.[1], name, replicaLabel));
}

function reading(
  metric: Readonly<Record<string, string>>,
  text: string | undefined,
  field: "bad" | "total",
  replicaLabel: string,
): Reading[] {
  if (text === undefined) throw unanswered(`"${field}" gives native histograms, not counters: histogram_count(…)`);
  const labels = Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1));
  const value = Number(text);
  // `… or vector(0)`
  if (labels.length === 0 && value === 0) return [];
  const replica = metric[replicaLabel];
  if (replica === undefined)
    throw unanswered(`"${field}" gives a series without the label ${replicaLabel}: sum by (${replicaLabel}) (…)`);
  if (!Number.isFinite(value) || value < 0)
    throw unanswered(`"${field}" is ${quoted(text)} at replica ${quoted(replica)}`);
  const whole = Math.round(value);
  if (Math.abs(value - whole) > 1e-6 * Math.max(1, value))
    throw unanswered(
      `"${field}" is ${quoted(text)} at replica ${quoted(replica)}, no whole number: it has to be a counter itself, without rate() or increase()`,
    );
  return [{ series: JSON.stringify(labels), replica, field, value: whole }];
}

function successOf(answer: Answer, name: string): z.infer<typeof success> {
  const { status } = answer;
  if (status === 401 || status === 403)
    throw unanswered(`Prometheus lets nobody ask without the right token (status ${status})`);
  if (status >= 300 && status < 400)
    throw unanswered(
      `Prometheus answered with a redirect (status ${status}), which is not followed: give its own address`,
    );
  let json: unknown;
  try {
    json = JSON.parse(answer.text);
  } catch (cause) {
    throw unanswered(
      status === 200
        ? `Prometheus' answer to "${name}" is not JSON`
        : `Prometheus answered "${name}" with status ${status}, and not with JSON`,
      cause,
    );
  }
  const refused = refusal.safeParse(json);
  if (refused.success)
    throw unanswered(
      refused.data.errorType === "timeout"
        ? `Prometheus gave "${name}" up: ${quoted(refused.data.error)}`
        : `Prometheus refuses "${name}": ${quoted(refused.data.error)}`,
    );
  const parsed = success.safeParse(json);
  if (status !== 200 || !parsed.success)
    throw unanswered(
      `Prometheus answered "${name}" with status ${status}${parsed.success ? "" : `: ${issue(parsed.error)}`}`,
    );
  return parsed.data;
}

function issue(error: z.ZodError): string {
  const [first] = error.issues;
  return first === undefined ? "" : quoted(`${first.path.join(".")}: ${first.message}`);
}

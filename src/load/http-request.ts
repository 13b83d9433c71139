import type { Dispatcher } from "undici";
import { type Answer, type HttpTemplate, perArrival } from "./template.js";

export interface HttpOutcome {
  /** Null: there was no complete answer, and `reason` says why. */
  readonly answer: Answer | null;
  readonly bytes: number;
  readonly reason: string;
}

/** Sends one request and reads its answer to the end; nothing is retried. Never rejects. */
export async function sendRequest(
  template: HttpTemplate,
  arrival: number,
  client: Dispatcher,
  origin: string,
  signal: AbortSignal,
): Promise<HttpOutcome> {
  let bytes = 0;
  try {
    const { statusCode, headers, body } = await client.request({
      origin,
      signal,
      method: template.method ?? "GET",
      path: perArrival(template.path, arrival),
      ...withBody(template, arrival),
    });
    for await (const chunk of body) bytes += (chunk as Buffer).length;
    const reason = `status ${statusCode}`;
    return { answer: { template: template.name, status: statusCode, headers }, bytes, reason };
  } catch (error) {
    return { answer: null, bytes, reason: signal.aborted ? "unanswered when the load ended" : reasonOf(error) };
  }
}

function withBody(template: HttpTemplate, arrival: number): { headers: Record<string, string>; body?: string } {
  const headers = { ...template.headers };
  if (template.body === undefined) return { headers };
  const body = perArrival(template.body, arrival);
  if (typeof body === "string") return { headers, body };
  return { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** The system's or undici's code when there is one: messages hold addresses and would be too many reasons. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause instanceof Error ? reasonOf(error.cause) : error.name;
}

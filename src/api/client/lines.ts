import type { IncomingMessage } from "node:http";
import { type ErrorJson, WindlassError } from "../../error.js";
import { type Call, explain, open } from "./call.js";

/** No line of ours is longer: an event has 1 MiB at most, a view of many replicas a few. */
const MAX_LINE = 64 * 1024 * 1024;

/** The lines of a text stream, without their ends. A stream that breaks off rejects. */
export async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding("utf8");
  let rest = "";
  for await (const chunk of response) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE)
      throw new WindlassError("control-plane-answer", "the control plane sent a line without end");
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/**
 * One JSON value per line. Empty lines are heartbeats; a line `{"error": …}` is how a stream that began well says
 * that it went wrong. Ends quietly when the signal ends it.
 */
export async function* records<T>(socket: string, asked: Call, signal: AbortSignal): AsyncGenerator<T> {
  let response: IncomingMessage | null = null;
  try {
    response = await open(socket, asked, signal);
    for await (const line of linesOf(response)) {
      if (line === "") continue;
      const value = JSON.parse(line) as T | { error: ErrorJson };
      if (isFailure(value)) throw WindlassError.fromJSON(value.error);
      yield value;
    }
  } catch (error) {
    if (!signal.aborted) throw explain(socket, error);
  } finally {
    response?.destroy();
  }
}

function isFailure(value: unknown): value is { error: ErrorJson } {
  return typeof value === "object" && value !== null && Object.keys(value).join() === "error";
}

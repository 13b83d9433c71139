import http from "node:http";
import { type ErrorJson, WindlassError } from "../../error.js";
import { API_PROTOCOL, ERROR_HEADER, PROTOCOL_HEADER, SOCKET_HOST } from "../protocol.js";

export interface Call {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly deadlineMs: number;
}

export interface Answer {
  readonly status: number;
  /** The code of an error, when it is one. */
  readonly error: string | null;
  readonly text: string;
}

/** One request, one whole answer. Rejects with `control-plane-unreachable` or `control-plane-timeout`. */
export function call(socket: string, asked: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
    const request = http.request(requestOptions(socket, asked, body), (response) => {
      answerOf(response).then(resolve, (error: unknown) => reject(explain(socket, error)));
    });
    const timer = setTimeout(() => request.destroy(late(asked.deadlineMs)), asked.deadlineMs);
    request.on("error", (error) => reject(explain(socket, error)));
    request.on("close", () => clearTimeout(timer));
    request.end(body);
  });
}

/** The value of a good answer; throws the WindlassError of any other. */
export async function json<T>(socket: string, asked: Call): Promise<T> {
  const answer = await call(socket, asked);
  if (answer.status >= 400) throw errorOf(answer);
  return parse(answer) as T;
}

/**
 * An answer that goes on, its body unread. `deadlineMs` is for its head, and then for each silence in it.
 * The signal ends it at any time.
 */
export function open(socket: string, asked: Call, signal: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.request({ ...requestOptions(socket, asked, undefined), signal }, (response) => {
      if (response.statusCode === 200) return resolve(response);
      answerOf(response).then(
        (answer) => reject(errorOf(answer)),
        (error: unknown) => reject(explain(socket, error)),
      );
    });
    request.setTimeout(asked.deadlineMs, () => request.destroy(late(asked.deadlineMs)));
    request.on("error", (error) => reject(explain(socket, error)));
    request.end();
  });
}

export function requestOptions(socket: string, asked: Call, body: string | undefined): http.RequestOptions {
  const headers: http.OutgoingHttpHeaders = {
    host: SOCKET_HOST,
    [PROTOCOL_HEADER]: String(API_PROTOCOL),
    ...asked.headers,
  };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    headers["content-length"] = Buffer.byteLength(body);
  }
  // No kept connections: one to a control plane that was replaced meanwhile would fail a call that is fine.
  return { socketPath: socket, agent: false, method: asked.method, path: asked.path, headers };
}

export async function answerOf(response: http.IncomingMessage): Promise<Answer> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += chunk;
  const error = response.headers[ERROR_HEADER];
  return { status: response.statusCode ?? 0, error: typeof error === "string" ? error : null, text };
}

export function parse(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (cause) {
    throw new WindlassError("control-plane-answer", `the control plane answered ${answer.status} without JSON`, {
      cause,
      hint: "is something else listening on its socket? `windlass doctor` looks",
    });
  }
}

export function errorOf(answer: Answer): WindlassError {
  if (answer.text === "")
    return new WindlassError(answer.error ?? "control-plane-answer", `the control plane answered ${answer.status}`);
  const value = parse(answer);
  if (typeof value === "object" && value !== null && "error" in value)
    return WindlassError.fromJSON(value.error as ErrorJson);
  return new WindlassError("control-plane-answer", `the control plane answered ${answer.status}`);
}

/** What a failed connection means for the person who asked. An error of ours, and an abort, stay what they are. */
export function explain(socket: string, error: unknown): unknown {
  if (error instanceof WindlassError || !(error instanceof Error) || error.name === "AbortError") return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const denied = code === "EACCES" || code === "EPERM";
  return new WindlassError("control-plane-unreachable", `no control plane answers on ${socket}`, {
    cause: error,
    retry: denied ? "never" : "safe",
    hint: denied ? "it belongs to another user" : "`windlass doctor` says what runs on this machine",
    facts: { socket, reason: code },
  });
}

function late(ms: number): WindlassError {
  return new WindlassError("control-plane-timeout", `the control plane did not answer within ${ms / 1000} s`, {
    retry: "safe",
    hint: "`windlass doctor` says what keeps it",
  });
}

import { WindlassError } from "../error.js";

/** What the Engine said no to, in its own words. */
export function refused(status: number, path: string, text: string): WindlassError {
  return new WindlassError("docker-refused", `the Docker Engine refused: ${messageOf(text) || `status ${status}`}`, {
    facts: { status, path },
    retry: status >= 500 ? "safe" : "never",
  });
}

/** Whether the Engine answered with this status: 404 not there, 409 in conflict, 304 already so. */
export function isRefusal(error: unknown, status: number): error is WindlassError {
  return error instanceof WindlassError && error.code === "docker-refused" && error.facts?.status === status;
}

function messageOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "message" in value && typeof value.message === "string")
      return value.message;
  } catch {
    // Not JSON: a proxy's page, or plain text; said as it is.
  }
  return text.slice(0, 500).trim();
}

/** A connection that failed: nobody there, not allowed, or too late. An abort by the caller stays what it is. */
export function unreachable(socket: string, error: unknown, deadlineMs: number): unknown {
  if (error instanceof WindlassError || !(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (error.name === "TimeoutError" || code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT")
    return new WindlassError("docker-timeout", `the Docker Engine did not answer within ${deadlineMs / 1000} s`, {
      cause: error,
      retry: "safe",
      hint: "`docker info` says whether it still answers",
    });
  if (error.name === "AbortError") return error;
  const denied = code === "EACCES" || code === "EPERM";
  return new WindlassError("docker-unreachable", `no Docker Engine answers on ${socket}`, {
    cause: error,
    retry: denied ? "never" : "safe",
    hint: denied
      ? "this user may not use it: add it to the group docker"
      : "start it (systemctl start docker), or set DOCKER_HOST=unix:///path/to/its.sock",
    facts: { socket, reason: code },
  });
}

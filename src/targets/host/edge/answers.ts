import type { IncomingMessage, ServerResponse } from "node:http";

/** How long a client that is still sending may go on before its connection ends; its answer is there already. */
const LINGER_MS = 2_000;

/** The edge's own answers; `code` is stable. */
export interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export const NO_REPLICA: Answer = { status: 503, code: "edge-no-replica", message: "No replica is ready." };
export const HOLD_FULL: Answer = {
  status: 503,
  code: "edge-hold-full",
  message: "Too many requests wait for a replica.",
};
export const TOO_MANY_BODIES: Answer = {
  status: 503,
  code: "edge-too-many-bodies",
  message: "Too many uploads at once.",
};
export const UPSTREAM_FAILED: Answer = {
  status: 502,
  code: "edge-upstream-failed",
  message: "The service failed to answer.",
};
export const UPSTREAM_TIMEOUT: Answer = {
  status: 504,
  code: "edge-upstream-timeout",
  message: "The service did not answer in time.",
};
export const BODY_TOO_LARGE: Answer = { status: 413, code: "edge-body-too-large", message: "The body is too large." };
export const BAD_REQUEST: Answer = { status: 400, code: "edge-bad-request", message: "The request is malformed." };
export const HEADERS_TOO_LARGE: Answer = {
  status: 431,
  code: "edge-headers-too-large",
  message: "The header is too large.",
};
export const TOO_SLOW: Answer = { status: 408, code: "edge-request-timeout", message: "The request came too slowly." };
export const UNKNOWN_SERVICE: Answer = {
  status: 503,
  code: "edge-no-service",
  message: "No service listens here any more.",
};

export const INTERNAL: Answer = { status: 500, code: "edge-internal", message: "The edge failed." };

const REASON: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  413: "Payload Too Large",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Answers with JSON. Returns the bytes of the body. */
export function respond(req: IncomingMessage, res: ServerResponse, answer: Answer, requestId: string): number {
  const body = JSON.stringify({ code: answer.code, message: answer.message, requestId });
  const headers = [
    "content-type",
    "application/json",
    "content-length",
    String(body.length),
    "x-request-id",
    requestId,
  ];
  if (answer.status === 503) headers.push("retry-after", "1");
  if (req.complete) {
    res.writeHead(answer.status, REASON[answer.status] ?? "", headers);
    res.end(body);
    return body.length;
  }
  // The client is still sending. Closing now would reset the connection and lose the answer with it: the rest is read
  // and dropped until it ends, for a bounded time.
  headers.push("connection", "close");
  res.writeHead(answer.status, REASON[answer.status] ?? "", headers);
  res.write(body);
  const end = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once("end", end);
  res.once("close", end);
  req.resume();
  return body.length;
}

/** The same for a connection that has no request object: a malformed one, or an upgrade. */
export function rawAnswer(answer: Answer): string {
  const body = JSON.stringify({ code: answer.code, message: answer.message });
  const retry = answer.status === 503 ? "retry-after: 1\r\n" : "";
  return `HTTP/1.1 ${answer.status} ${REASON[answer.status] ?? ""}\r\ncontent-type: application/json\r\n${retry}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
}

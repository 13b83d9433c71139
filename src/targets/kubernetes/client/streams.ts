import { WindlassError } from "../../../error.js";
import type { LogOptions, ProxyRequest, ProxyResponse } from "./api.js";
import { query } from "./kinds.js";
import { linesOf } from "./wire/lines.js";
import { refusalError } from "./wire/refusal.js";
import type { Call, Requests } from "./wire/requests.js";
import { parseStatus } from "./wire/status.js";

const LONGEST_LINE_BYTES = 64 * 1024;
const PROXY_BYTES = 1024 * 1024;
const PROXY_TIMEOUT_MS = 10_000;

/** A pod's output. The signal ends it quietly. */
export async function* podLogs(requests: Requests, options: LogOptions, signal: AbortSignal): AsyncGenerator<string> {
  const { namespace, pod, container, tailLines, follow, previous } = options;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
  const call: Call = {
    verb: "logs",
    what: `logs of Pod ${namespace}/${pod}`,
    method: "GET",
    path: `${path}${query({ container, tailLines, follow, previous })}`,
    accept: "*/*",
    idempotent: true,
  };
  try {
    const body = await requests.stream(call, signal);
    yield* linesOf(body, { maxBytes: LONGEST_LINE_BYTES, tooLong: "cut" });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof WindlassError) throw error;
    throw new WindlassError("kubernetes-unreachable", `${call.what}: the connection was cut`, {
      cause: error,
      retry: "safe",
    });
  }
}

/** A request to a pod or service through the API server. What the server itself refuses is an error. */
export async function proxied(requests: Requests, request: ProxyRequest): Promise<ProxyResponse> {
  const { namespace, to, name, port, scheme, path, method = "GET", maxBytes = PROXY_BYTES } = request;
  const target = encodeURIComponent(`${scheme === undefined ? "" : `${scheme}:`}${name}:${port}`);
  const call: Call = {
    verb: "proxy",
    what: `${method} ${path} of ${to} ${namespace}/${name}`,
    method,
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/${to}s/${target}/proxy${path.startsWith("/") ? path : `/${path}`}`,
    accept: "*/*",
    // Whoever asks asks again: an answer that is late is of no use.
    idempotent: false,
    timeoutMs: request.timeoutMs ?? PROXY_TIMEOUT_MS,
    maxBytes,
  };
  const { status, text, truncated } = await requests.text(call, () => true);
  const body = status >= 400 ? parseStatus(text) : null;
  if (body === null) return { status, body: text, truncated };
  if (status !== 500 && status !== 502 && status !== 503 && status !== 504)
    throw refusalError({ status, body, what: call.what, hidden: [] });
  throw new WindlassError("kubernetes-proxy-failed", `${call.what}: ${body.message.slice(0, 500)}`, { retry: "safe" });
}

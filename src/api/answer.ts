import { type ErrorJson, WindlassError } from "../error.js";
import { API_PROTOCOL, ERROR_HEADER, PROTOCOL_HEADER } from "./protocol.js";
import type { ApiLog } from "./route.js";

const PLAIN = {
  [PROTOCOL_HEADER]: String(API_PROTOCOL),
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

export function jsonAnswer(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { ...PLAIN, "content-type": "application/json" } });
}

export function emptyAnswer(status: number): Response {
  return new Response(null, { status, headers: PLAIN });
}

export function streamAnswer(body: ReadableStream<Uint8Array>, media: string): Response {
  return new Response(body, { status: 200, headers: { ...PLAIN, "content-type": media } });
}

export function errorAnswer(error: WindlassError, status = statusOf(error)): Response {
  const headers = { ...PLAIN, "content-type": "application/json", [ERROR_HEADER]: error.code };
  return new Response(JSON.stringify({ error: error.toJSON() }), { status, headers });
}

/** What a client is told about a failure. What nobody expected is a bug: it is logged whole, and told without a trace. */
export function presentable(error: unknown, log: ApiLog, where: string): WindlassError {
  if (error instanceof WindlassError) {
    if (statusOf(error) >= 500) log("warn", `${where}: ${error.message}`, { code: error.code });
    return error;
  }
  const facts = error instanceof Error ? { stack: error.stack } : { thrown: String(error) };
  log("error", `${where}: ${error instanceof Error ? error.message : String(error)}`, { code: "bug", ...facts });
  return new WindlassError("bug", "the control plane ran into something that it does not understand", {
    hint: "its log has the details; please report it",
  });
}

export function errorLine(error: WindlassError): { readonly error: ErrorJson } {
  return { error: error.toJSON() };
}

const STATUS: Readonly<Record<string, number>> = {
  bug: 500,
  "api-origin-refused": 403,
  "api-host-refused": 403,
  "api-route-unknown": 404,
  "api-method-refused": 405,
  "api-body-slow": 408,
  "api-body-too-large": 413,
  "artefact-too-large": 413,
  "api-media-type": 415,
  "artefact-mismatch": 422,
  "artefact-missing": 409,
  "api-protocol-unsupported": 426,
  "control-plane-stopping": 503,
  "ledger-disk-full": 507,
  "artefact-disk-full": 507,
};

/** HTTP's view of a code, for those who do not read codes: curl, proxies, log viewers. */
function statusOf(error: WindlassError): number {
  const exact = STATUS[error.code];
  if (exact !== undefined) return exact;
  if (/^(unknown-.*|.*-unknown|.*-not-found)$/.test(error.code)) return 404;
  if (/^(api-.*|artefact-digest|.*-invalid)$/.test(error.code)) return 400;
  if (/-(timeout|slow)$/.test(error.code)) return 504;
  if (/-unreachable$/.test(error.code)) return 502;
  if (
    error.retry === "after-refresh" ||
    /^(nothing-before|revision-held|deployment-in-progress|ledger-in-use)$/.test(error.code)
  )
    return 409;
  return 500;
}

import { WindlassError } from "../../../../error.js";

/** A failure before or within an answer: what it means, and whether the server may have done something. */
export interface Broken {
  readonly error: WindlassError;
  readonly sent: boolean;
  readonly retry: boolean;
}

const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export function broken(what: string, server: string, cause: unknown): Broken {
  const code = codeOf(cause);
  const trust = trustHint(code);
  const words = cause instanceof Error ? cause.message || code : String(cause);
  const error = new WindlassError("kubernetes-unreachable", `${what}: ${server} cannot be reached: ${words}`, {
    cause,
    retry: "safe",
    ...(trust === null ? {} : { hint: trust }),
  });
  return { error, sent: trust === null && !NEVER_SENT.has(code), retry: trust === null };
}

function trustHint(code: string): string | null {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return "the server's certificate is for another name: set the cluster's tls-server-name";
  if (code === "CERT_HAS_EXPIRED") return "the server's certificate has expired";
  if (/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/.test(code))
    return "the server's certificate is not signed by the cluster's certificate-authority in the kubeconfig";
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") return "the server and this machine do not agree on TLS";
  if (code.startsWith("ERR_OSSL_")) return "the certificate or key in the kubeconfig is not valid PEM";
  return null;
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "";
  if ("code" in cause && typeof cause.code === "string") return cause.code;
  // Several addresses were tried.
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  return codeOf(cause.cause);
}

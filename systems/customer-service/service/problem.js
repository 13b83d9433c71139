// @ts-check

/** An answer other than success that the client can act on: `{ error: { code, message, fields?, requestId } }`. */
export class Problem extends Error {
  /**
   * @param {400 | 401 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 429 | 503} status
   * @param {string} code kebab-case, stable
   * @param {string} message
   * @param {{ fields?: { path: string, message: string }[], headers?: Record<string, string>, cause?: unknown }} [more]
   */
  constructor(status, code, message, more = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.fields = more.fields;
    this.headers = more.headers ?? {};
  }
}

const AWAY = /^(08|57P|53)|^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND)$/;
const AWAY_MESSAGES = /timeout exceeded when trying to connect|Connection terminated|Query read timeout/;

/**
 * What PostgreSQL or the way to it said, as a problem of the client's or of the moment; null: it is our bug.
 * @param {unknown} error
 * @returns {Problem | null}
 */
export function fromDatabase(error) {
  if (!(error instanceof Error)) return null;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const cause = error;
  if (code === "23505") return new Problem(409, "email-taken", "another customer has this email address", { cause });
  if (code === "57014") return unavailable("query-too-slow", "the database took too long", cause);
  if (AWAY.test(code) || AWAY_MESSAGES.test(error.message))
    return unavailable("database-unavailable", "the database cannot be reached", cause);
  return null;
}

/** @param {string} code @param {string} message @param {unknown} cause */
function unavailable(code, message, cause) {
  return new Problem(503, code, `${message}; try again in a moment`, { cause, headers: { "retry-after": "1" } });
}

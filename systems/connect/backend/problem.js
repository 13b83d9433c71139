// @ts-check

/** An answer that tells the client what to do otherwise: `{ error: { code, message, fields?, requestId } }`. */
export class Problem extends Error {
  /**
   * @param {400 | 404 | 405 | 413 | 415 | 422 | 503} status
   * @param {string} code kebab-case, stable
   * @param {string} message
   * @param {{ fields?: readonly { path: string, message: string }[], cause?: unknown }} [more]
   */
  constructor(status, code, message, { fields, cause } = {}) {
    super(message, { cause });
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** Classes of SQLSTATE and codes of Node.js that say that the database, or the way to it, is gone for the moment. */
const AWAY = /^(08...|53...|57P..|ECONN\w+|ENOENT|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_AGAIN)$/;
/** pg has no codes for these. */
const AWAY_WORDS = /timeout|terminated/i;

/**
 * What the database said, as the client's problem or the moment's; null: it is a bug of ours.
 * @param {unknown} error
 */
export function problemOf(error) {
  if (error instanceof Problem) return error;
  if (!(error instanceof Error)) return null;
  const code = "code" in error ? String(error.code) : "";
  if (code === "23503") return new Problem(422, "no-such-project", "there is no project with this id");
  if (code === "57014") return new Problem(503, "query-too-slow", "the database took too long", { cause: error });
  if (AWAY.test(code) || (code === "" && AWAY_WORDS.test(error.message)))
    return new Problem(503, "database-away", "the database does not answer; try again in a moment", { cause: error });
  return null;
}

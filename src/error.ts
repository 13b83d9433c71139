/** Whether the same call may be made again: never, at once, or after reading the state anew. */
export type Retry = "never" | "safe" | "after-refresh";

export interface ErrorDetails {
  /** What the reader can do about it, as one sentence. */
  hint?: string;
  /** A page under `docs/`. */
  docs?: string;
  /** The first cause; kept, never replaced by a later failure. */
  cause?: unknown;
  retry?: Retry;
  /** Structured facts for `--json`; never a secret. */
  facts?: Record<string, unknown>;
}

/**
 * The one error class. Expected outcomes (a gate is closed, a canary was rejected) are values, not errors.
 * `code` is stable, kebab-case and prefixed by its room: `spec-invalid`, `ledger-corrupt`, `host-port-taken`.
 */
export class WindlassError extends Error {
  override readonly name = "WindlassError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly docs: string | undefined;
  readonly retry: Retry;
  readonly facts: Record<string, unknown> | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.docs = details.docs;
    this.retry = details.retry ?? "never";
    this.facts = details.facts;
  }

  /** The wire form, read back by {@link WindlassError.fromJSON} on the other side of a socket. */
  toJSON(): ErrorJson {
    const json: ErrorJson = { code: this.code, message: this.message, retry: this.retry };
    if (this.hint !== undefined) json.hint = this.hint;
    if (this.docs !== undefined) json.docs = this.docs;
    if (this.facts !== undefined) json.facts = this.facts;
    const cause = this.cause;
    if (cause instanceof Error) json.cause = cause.message;
    return json;
  }

  static fromJSON(json: ErrorJson): WindlassError {
    return new WindlassError(json.code, json.message, {
      ...json,
      ...(json.cause === undefined ? {} : { cause: new Error(json.cause) }),
    });
  }
}

export interface ErrorJson {
  code: string;
  message: string;
  retry: Retry;
  hint?: string;
  docs?: string;
  cause?: string;
  facts?: Record<string, unknown>;
}

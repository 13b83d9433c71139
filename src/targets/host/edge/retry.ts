/** What is known about a failed attempt, before any byte of an answer. */
export interface FailedAttempt {
  readonly method: string;
  readonly hasBody: boolean;
  /** The request line was written; false: the connection could not be made. */
  readonly sent: boolean;
  readonly timedOut: boolean;
  readonly retriesLeft: number;
}

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method);

/**
 * RFC 9110, 9.2.2: a request is sent again only when it cannot have been applied (nothing was sent), or when applying
 * it twice is the same as once and its body is still here. A timeout is not retried: the client has waited long enough.
 */
export function mayRetry(attempt: FailedAttempt): boolean {
  if (attempt.retriesLeft <= 0) return false;
  if (!attempt.sent) return true;
  return !attempt.timedOut && !attempt.hasBody && isIdempotent(attempt.method);
}

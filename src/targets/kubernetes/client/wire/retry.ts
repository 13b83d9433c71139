/** Why an attempt came to nothing. */
export type Failure =
  /** `sent: false`: nothing reached the server. */
  | { readonly kind: "connection"; readonly sent: boolean }
  | { readonly kind: "status"; readonly status: number; readonly retryAfterMs: number | null };

export interface RetryQuestion {
  readonly failure: Failure;
  /** Failed attempts so far, this one included: 1, 2, ... */
  readonly attempts: number;
  /** Whether doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  /** 0 to 1, drawn by the caller. */
  readonly random: number;
}

const MOST_ATTEMPTS = 6;
const FIRST_MS = 100;
const LONGEST_MS = 5_000;
/** A server that asks for more patience than this gets none: the caller decides. */
const LONGEST_ASKED_MS = 10_000;

/** Milliseconds to wait before the next attempt, or null: this failure stands. A 409 always does. */
export function retryDelay({ failure, attempts, idempotent, random }: RetryQuestion): number | null {
  if (attempts >= MOST_ATTEMPTS || !repeatable(failure, idempotent)) return null;
  const own = backoff(attempts, random, FIRST_MS, LONGEST_MS);
  if (failure.kind === "connection" || failure.retryAfterMs === null) return own;
  return failure.retryAfterMs > LONGEST_ASKED_MS ? null : Math.max(own, failure.retryAfterMs);
}

/** `first`, doubled with each failure, between half and the whole of it: many clients do not come back together. */
export function backoff(failures: number, random: number, first: number, longest: number): number {
  const whole = Math.min(first * 2 ** Math.min(failures - 1, 30), longest);
  return Math.round(whole * (0.5 + random / 2));
}

function repeatable(failure: Failure, idempotent: boolean): boolean {
  if (failure.kind === "connection") return idempotent || !failure.sent;
  if (failure.status === 429) return true; // Refused before anything was done.
  if (failure.status >= 500) return idempotent;
  return false;
}

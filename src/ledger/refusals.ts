import { WindlassError } from "../error.js";

/** The refusals that every ledger store shares, so that the model and the adapters say the same. */

export function conflict(stream: string, expected: number, actual: number): WindlassError {
  return new WindlassError("ledger-conflict", `${stream} is at version ${actual}, the writer saw ${expected}.`, {
    retry: "after-refresh",
    facts: { stream, expected, actual },
    hint: "Somebody else changed it first: read it again and decide anew.",
  });
}

export function inUse(holder: string, facts: Record<string, unknown> = {}): WindlassError {
  return new WindlassError("ledger-in-use", `The ledger is driven by ${holder}.`, {
    facts: { holder, ...facts },
    hint: "One control plane drives a ledger at a time: use the running one, or stop it first.",
  });
}

export function leaseLost(term: number, now: number): WindlassError {
  return new WindlassError("ledger-lease-lost", `The lease of term ${term} is over; the ledger is at term ${now}.`, {
    facts: { term, now },
    hint: "Another control plane took over. This one must stop.",
  });
}

export function diskFull(cause?: unknown): WindlassError {
  return new WindlassError("ledger-disk-full", "The disk is full: the event was not recorded.", {
    retry: "safe",
    hint: "Free some space and try again. A rollback still works: space is kept for its events.",
    ...(cause === undefined ? {} : { cause }),
  });
}

export function closed(): WindlassError {
  return new WindlassError("ledger-closed", "The ledger is closed.");
}

export function checkAppend(stream: string, expected: number, count: number): void {
  if (stream === "" || !Number.isSafeInteger(expected) || expected < 0 || count === 0) {
    throw new WindlassError(
      "ledger-event-invalid",
      "An append needs a stream, the version that was seen, and at least one event.",
    );
  }
}

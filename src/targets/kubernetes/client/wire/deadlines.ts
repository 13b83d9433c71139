import { WindlassError } from "../../../../error.js";

/** A wait that ends by itself. */
export interface Deadline {
  /** Aborted with a WindlassError: too late, closed, or the outer signal's own reason. */
  readonly signal: AbortSignal;
  /** No longer bound by time, only by the outer signal and by `close`. */
  untimed(): void;
  /** Must be called at the end, or the outer signal and this room keep it. */
  end(): void;
}

/**
 * Deadlines that can be closed together. Not `AbortSignal.any`: in Node.js 20 signals that are derived from a
 * long-lived one are never let go, and `AbortSignal.timeout` holds what waits until its time is over.
 */
export class Deadlines {
  readonly #running = new Set<AbortController>();
  #closed = false;

  begin(what: string, timeoutMs: number, outer?: AbortSignal): Deadline {
    const controller = new AbortController();
    const abort = (reason: unknown) => {
      if (!controller.signal.aborted) controller.abort(reason);
    };
    const timer = setTimeout(() => abort(late(what, timeoutMs)), timeoutMs);
    const stop = () => abort(outer?.reason);
    if (this.#closed) abort(closed(what));
    if (outer?.aborted === true) stop();
    outer?.addEventListener("abort", stop, { once: true });
    this.#running.add(controller);
    return {
      signal: controller.signal,
      untimed: () => clearTimeout(timer),
      end: () => {
        clearTimeout(timer);
        outer?.removeEventListener("abort", stop);
        this.#running.delete(controller);
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const controller of this.#running) if (!controller.signal.aborted) controller.abort(closed("the request"));
  }

  get closed(): boolean {
    return this.#closed;
  }
}

function late(what: string, timeoutMs: number): WindlassError {
  const message = `${what}: the API server did not answer within ${timeoutMs} ms`;
  return new WindlassError("kubernetes-timeout", message, { retry: "safe" });
}

function closed(what: string): WindlassError {
  return new WindlassError("kubernetes-closed", `${what}: the client is closed`);
}

import { WindlassError } from "../../../../error.js";

/** Lets so many through at a time; the others wait in order, the urgent ones first, in a queue with a bound. */
export class Turnstile {
  readonly #places: number;
  readonly #longest: number;
  /** A set keeps the order and lets go of who gave up. */
  readonly #waiting = new Set<() => void>();
  readonly #urgent = new Set<() => void>();
  #inside = 0;

  constructor(places: number, longest: number) {
    this.#places = places;
    this.#longest = longest;
  }

  /** Resolves with what gives the place back. Rejects with the signal's reason. */
  async enter(signal: AbortSignal, urgent: boolean): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#inside >= this.#places) await this.#wait(signal, urgent ? this.#urgent : this.#waiting);
    else this.#inside++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next = this.#waiting.values().next().value] = this.#urgent;
      if (next === undefined) this.#inside--;
      else next();
    };
  }

  /** Whoever leaves hands the place on, so `#inside` does not change. */
  #wait(signal: AbortSignal, queue: Set<() => void>): Promise<void> {
    if (queue.size >= this.#longest)
      throw new WindlassError("kubernetes-busy", `${queue.size} requests to the API server wait already`, {
        retry: "safe",
      });
    return new Promise((resolve, reject) => {
      const go = () => {
        queue.delete(go);
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        queue.delete(go);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      queue.add(go);
    });
  }
}

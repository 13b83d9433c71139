import { WindlassError } from "../../../../error.js";

/** Lets so many through at a time; the others wait in order, in a queue with a bound. */
export class Turnstile {
  readonly #places: number;
  readonly #longest: number;
  /** A set keeps the order and lets go of who gave up. */
  readonly #waiting = new Set<() => void>();
  #inside = 0;

  constructor(places: number, longest: number) {
    this.#places = places;
    this.#longest = longest;
  }

  /** Resolves with what gives the place back. Rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#inside >= this.#places) await this.#wait(signal);
    else this.#inside++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next] = this.#waiting;
      if (next === undefined) this.#inside--;
      else next();
    };
  }

  /** Whoever leaves hands the place on, so `#inside` does not change. */
  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#longest)
      throw new WindlassError("kubernetes-busy", `${this.#longest} requests to the API server wait already`, {
        retry: "safe",
      });
    return new Promise((resolve, reject) => {
      const go = () => {
        this.#waiting.delete(go);
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(go);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(go);
    });
  }
}

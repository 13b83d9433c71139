/** A request that waits for a replica. */
export interface Held {
  /** Monotonic milliseconds; past it the request is answered with 503. */
  readonly deadline: number;
  /** Tries again; may hold itself again. */
  resume(): void;
  expire(): void;
}

const LOOK_EVERY_MS = 50;

/** Requests of one service that wait while nothing is ready: bounded in number here, in time by each deadline. */
export class Holding {
  readonly #limit: number;
  readonly #now: () => number;
  #held = new Set<Held>();
  #timer: NodeJS.Timeout | null = null;

  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  get size(): number {
    return this.#held.size;
  }

  /** False: full. */
  add(held: Held): boolean {
    if (this.#held.size >= this.#limit) return false;
    this.#held.add(held);
    this.#timer ??= setInterval(() => this.wake(), LOOK_EVERY_MS);
    return true;
  }

  /** The client left. */
  remove(held: Held): void {
    this.#held.delete(held);
    this.#rest();
  }

  /** After a new table, and every few milliseconds: all try again in the order they came. */
  wake(): void {
    const waiting = this.#held;
    this.#held = new Set();
    const now = this.#now();
    for (const held of waiting) {
      if (now >= held.deadline) held.expire();
      else held.resume();
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#held.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

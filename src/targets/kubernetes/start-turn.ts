import type { Turnstile } from "./client/wire/turnstile.js";

const FREE = (): void => {};

/**
 * What was accepted before this process began is only made sure of: a few environments at a time, or a thousand of them
 * would hold all their objects while they wait for the API server. A new intent waits for none of that.
 */
export class StartTurn {
  readonly #over = new AbortController();
  #revision: number | null = null;

  constructor(private readonly turnstile: Turnstile) {}

  /** The revision that was found in the cluster; null: there was none. */
  found(revision: number | null): void {
    this.#revision = revision;
  }

  accepted(revision: number): void {
    if (revision !== this.#revision) this.over();
  }

  /** It was made so once, or is closed. */
  over(): void {
    this.#over.abort();
  }

  /** Resolves with what lets the next one in. */
  async enter(): Promise<() => void> {
    const { signal } = this.#over;
    if (this.#revision === null || signal.aborted) return FREE;
    try {
      return await this.turnstile.enter(signal, false);
    } catch (error) {
      if (signal.aborted) return FREE;
      throw error;
    }
  }
}

import type { RequestCounts } from "../api.js";

export type CountedVerb = Exclude<keyof RequestCounts, "retries">;

/** Counts what is sent. */
export class Counting {
  readonly #counts: { -readonly [verb in keyof RequestCounts]: number } = {
    get: 0,
    list: 0,
    watch: 0,
    apply: 0,
    create: 0,
    replace: 0,
    patch: 0,
    delete: 0,
    logs: 0,
    proxy: 0,
    review: 0,
    discovery: 0,
    retries: 0,
  };

  sent(verb: CountedVerb, repeated: boolean): void {
    this.#counts[verb]++;
    if (repeated) this.#counts.retries++;
  }

  read(): RequestCounts {
    return { ...this.#counts };
  }
}

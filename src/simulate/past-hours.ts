/**
 * What engines had learned by the beginning of a rollout, so that rehearsals after the same history need not go through it
 * again: an engine goes on from its checkpoints exactly where another one stopped. As many as there are histories.
 */
export class PastHours {
  readonly #kept = new Map<number, ReadonlyMap<string, unknown>>();

  of(historySeed: number): ReadonlyMap<string, unknown> | null {
    return this.#kept.get(historySeed) ?? null;
  }

  keep(historySeed: number, states: ReadonlyMap<string, unknown>): void {
    if (states.size > 0) this.#kept.set(historySeed, states);
  }
}

import type { Block } from "../core/model/judgement.js";
import type { SeriesQuery, SeriesStore } from "../ports/series-store.js";

type Row = Block & { readonly service: string };

/** Seconds of one rehearsed environment, in the order in which they come; as long as the rehearsal, and gone with it. */
export class RehearsedSeries implements SeriesStore {
  readonly #rows: Row[] = [];
  readonly #states = new Map<string, unknown>();

  async write(_environment: string, blocks: readonly Row[]): Promise<void> {
    for (const block of blocks) this.#rows.push(block);
  }

  async read({ service, from, to }: SeriesQuery): Promise<readonly Block[]> {
    const rows = this.#rows.slice(this.#place(from), this.#place(to));
    return rows.filter((row) => row.service === service);
  }

  async putState(_environment: string, service: string, kind: string, json: unknown): Promise<void> {
    this.#states.set(`${service} ${kind}`, json);
  }

  async getState(_environment: string, service: string, kind: string): Promise<unknown> {
    return this.#states.get(`${service} ${kind}`) ?? null;
  }

  async removeState(_environment: string, service: string, kind: string): Promise<void> {
    this.#states.delete(`${service} ${kind}`);
  }

  /** What engines left to go on from. */
  get states(): ReadonlyMap<string, unknown> {
    return new Map(this.#states);
  }

  restore(states: ReadonlyMap<string, unknown>): void {
    for (const [key, state] of states) this.#states.set(key, state);
  }

  async maintain(): Promise<void> {}
  async close(): Promise<void> {}

  /** The first row that is not before `at`. */
  #place(at: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle] as Row).at < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

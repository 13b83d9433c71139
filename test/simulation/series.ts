import type { Block } from "../../src/core/model/judgement.js";
import type { SeriesQuery, SeriesStore } from "../../src/ports/series-store.js";

/** Telemetry of one simulated environment, in memory. */
export class MemorySeries implements SeriesStore {
  readonly #blocks = new Map<string, Block & { readonly service: string }>();

  async write(_environment: string, blocks: readonly (Block & { readonly service: string })[]): Promise<void> {
    for (const block of blocks) this.#blocks.set(`${block.service} ${block.group} ${block.replica} ${block.at}`, block);
  }

  async read({ service, from, to }: SeriesQuery): Promise<readonly Block[]> {
    return [...this.#blocks.values()].filter((block) => block.service === service && block.at >= from && block.at < to);
  }

  async maintain(): Promise<void> {}
  async close(): Promise<void> {}
}

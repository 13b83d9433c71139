import type { Block } from "../../src/core/model/judgement.js";
import type { SeriesQuery, SeriesStore } from "../../src/ports/series-store.js";

/** Telemetry of one simulated environment, in memory. */
export class MemorySeries implements SeriesStore {
  /** By `<service> <kind>`, as JSON. */
  readonly states = new Map<string, string>();
  readonly blocks = new Map<string, Block & { readonly service: string }>();

  async write(_environment: string, blocks: readonly (Block & { readonly service: string })[]): Promise<void> {
    for (const block of blocks) this.blocks.set(`${block.service} ${block.group} ${block.replica} ${block.at}`, block);
  }

  async read({ service, from, to }: SeriesQuery): Promise<readonly Block[]> {
    return [...this.blocks.values()].filter((block) => block.service === service && block.at >= from && block.at < to);
  }

  async putState(_environment: string, service: string, kind: string, state: unknown): Promise<void> {
    this.states.set(`${service} ${kind}`, JSON.stringify(state));
  }

  async getState(_environment: string, service: string, kind: string): Promise<unknown> {
    const state = this.states.get(`${service} ${kind}`);
    return state === undefined ? null : JSON.parse(state);
  }

  async removeState(_environment: string, service: string, kind: string): Promise<void> {
    this.states.delete(`${service} ${kind}`);
  }

  async maintain(): Promise<void> {}
  async close(): Promise<void> {}
}

import type { Block } from "../core/model/judgement.js";

/** Blocks kept per service at full resolution; older ones are added up per group and replica. */
const MAX_BLOCKS = 6_000;

/**
 * The blocks of one service since its rollout began, bounded. A block that comes again (its second was still
 * running) replaces the earlier one.
 */
export class EvidenceWindow {
  #blocks = new Map<string, Block>();

  add(blocks: readonly Block[]): void {
    for (const block of blocks) this.#blocks.set(`${block.at}\n${block.group}\n${block.replica}`, block);
    if (this.#blocks.size > MAX_BLOCKS) this.#fold();
  }

  of(group: string, since: number): readonly Block[] {
    const found: Block[] = [];
    for (const block of this.#blocks.values()) if (block.group === group && block.at + 1000 > since) found.push(block);
    return found;
  }

  clear(): void {
    this.#blocks.clear();
  }

  /** The older half becomes one block per replica: totals stay, and windows are shorter than what stays. */
  #fold(): void {
    const sorted = [...this.#blocks.values()].sort((a, b) => a.at - b.at);
    const old = sorted.slice(0, sorted.length / 2);
    const sums = new Map<string, Block>();
    for (const block of old) {
      const key = `${block.group}\n${block.replica}`;
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, block);
      else
        sums.set(key, {
          ...sum,
          total: sum.total + block.total,
          errors: sum.errors + block.errors,
          slow: sum.slow + block.slow,
          restarts: sum.restarts + block.restarts,
        });
    }
    this.#blocks = new Map();
    this.add([...sums.values(), ...sorted.slice(sorted.length / 2)]);
  }
}

import type { Block } from "../model/judgement.js";

/** Blocks of the same time together, oldest first. */
export function byTime<B extends Block>(blocks: readonly B[]): readonly (readonly [number, readonly B[]])[] {
  const times = new Map<number, B[]>();
  for (const block of blocks) {
    const same = times.get(block.at);
    if (same === undefined) times.set(block.at, [block]);
    else same.push(block);
  }
  return [...times].sort(([a], [b]) => a - b);
}

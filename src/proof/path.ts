import { Edge, EMPTY_ROOT, nodeHash } from "./merkle.js";

/** The hash of the complete or partial subtree over the leaves `[from, to)`. */
export type SubtreeHash = (from: number, to: number) => Promise<Buffer>;

/** RFC 6962, 2.1.1: the audit path of leaf `index` (from 0) in a tree of `size` leaves. */
export async function inclusionPath(hash: SubtreeHash, index: number, size: number): Promise<Buffer[]> {
  const path: Buffer[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      path.push(await hash(middle, to));
      to = middle;
    } else {
      path.push(await hash(from, middle));
      from = middle;
    }
  }
  return path.reverse();
}

/** RFC 6962, 2.1.2: that the first `old` leaves of a tree of `size` leaves are the tree of that time. */
export async function consistencyPath(hash: SubtreeHash, old: number, size: number): Promise<Buffer[]> {
  const path: Buffer[] = [];
  if (old === 0 || old === size) return path;
  let from = 0;
  let to = size;
  let known = true;
  while (old !== to) {
    const middle = from + largestPowerBelow(to - from);
    if (old <= middle) {
      path.push(await hash(middle, to));
      to = middle;
    } else {
      path.push(await hash(from, middle));
      from = middle;
      known = false;
    }
  }
  if (!known) path.push(await hash(from, to));
  return path.reverse();
}

/** Whether the leaf's hash at `index` (from 0) leads to `root` (RFC 9162, 2.1.3.2). */
export function isIncluded(leaf: Buffer, index: number, size: number, path: readonly Buffer[], root: Buffer): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && hash.equals(root);
}

/** Whether the tree of `old` leaves with `oldRoot` is the beginning of the one with `root` (RFC 9162, 2.1.4.2). */
export function isConsistent(
  old: number,
  oldRoot: Buffer,
  size: number,
  root: Buffer,
  path: readonly Buffer[],
): boolean {
  if (old > size) return false;
  if (old === size) return path.length === 0 && oldRoot.equals(root);
  if (old === 0) return path.length === 0 && oldRoot.equals(EMPTY_ROOT);
  let at = old - 1;
  let last = size - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  // A tree of a power of two is itself a node of the larger one.
  const [start = oldRoot, ...rest] = at === 0 ? [oldRoot, ...path] : path;
  let before = start;
  let now = start;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      before = nodeHash(sibling, before);
      now = nodeHash(sibling, now);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      now = nodeHash(now, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && before.equals(oldRoot) && now.equals(root) && (at !== 0 || path.length > 0);
}

/** Hashes of subtrees from the leaves' hashes; `leaves(from, to)` gives those of `[from, to)` in order. */
export function subtreeHash(leaves: (from: number, to: number) => AsyncIterable<Buffer>): SubtreeHash {
  return async (from, to) => {
    const edge = new Edge();
    for await (const leaf of leaves(from, to)) edge.append(leaf);
    return edge.root();
  };
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

import { hash } from "node:crypto";

const LEAF = Buffer.of(0);
/** 0x01, left, right: one buffer for all, because hashing is synchronous and a tree has many nodes. */
const node = Buffer.alloc(65, 1);

/** RFC 6962, 2.1: SHA-256 over 0x00 and the leaf's bytes; a string is taken as UTF-8. */
export function leafHash(bytes: string | Uint8Array): Buffer {
  return hash("sha256", typeof bytes === "string" ? `\0${bytes}` : Buffer.concat([LEAF, bytes]), "buffer");
}

/** RFC 6962, 2.1: SHA-256 over 0x01 and both children. */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1);
  right.copy(node, 33);
  return hash("sha256", node, "buffer");
}

/** The root of a tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Buffer = hash("sha256", "", "buffer");

/**
 * The right edge of a Merkle tree: the roots of its complete subtrees, largest first, one per bit of `size`.
 * Appending costs O(log n) at most and O(1) on average; no other node is needed to go on.
 */
export class Edge {
  #size: number;
  readonly #roots: Buffer[];

  constructor(size = 0, roots: readonly Buffer[] = []) {
    this.#size = size;
    this.#roots = [...roots];
  }

  /** From {@link Edge.bytes}; null when the bytes cannot be the edge of a tree of that size. */
  static from(size: number, bytes: Uint8Array): Edge | null {
    const roots: Buffer[] = [];
    for (let at = 0; at + 32 <= bytes.length; at += 32) roots.push(Buffer.from(bytes.subarray(at, at + 32)));
    return bytes.length % 32 === 0 && roots.length === bitsIn(size) ? new Edge(size, roots) : null;
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Buffer): void {
    let root = leaf;
    // Each trailing one bit of the size is a complete subtree as large as the one in hand.
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      root = nodeHash(this.#roots.pop() ?? EMPTY_ROOT, root);
    }
    this.#roots.push(root);
    this.#size += 1;
  }

  root(): Buffer {
    const last = this.#roots.at(-1);
    if (last === undefined) return EMPTY_ROOT;
    return this.#roots.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#roots);
  }

  copy(): Edge {
    return new Edge(this.#size, this.#roots);
  }
}

function bitsIn(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

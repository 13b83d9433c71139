import type { Block } from "../core/model/judgement.js";

/** Seconds kept at full resolution; what is older is one sum per replica. Guards' windows are shorter. */
const KEPT_SECONDS = 900;
const FIRST_SECONDS = 64;
const FIELDS = 4;

/**
 * The blocks of one service since its rollout began, bounded, a few bytes per second and replica: thousands of
 * environments have theirs at the same time. A block that comes again (its second was still running) replaces the
 * earlier one.
 */
export class EvidenceWindow {
  readonly #groups = new Map<string, Map<string, Column>>();

  add(blocks: readonly Block[]): void {
    for (const block of blocks) {
      const group = this.#groups.get(block.group) ?? new Map<string, Column>();
      if (group.size === 0) this.#groups.set(block.group, group);
      const column = group.get(block.replica);
      if (column !== undefined) column.put(block);
      else {
        const begun = new Column(block);
        begun.put(block);
        group.set(block.replica, begun);
      }
    }
  }

  /** Blocks of a second that touches what comes after `since`; sums of older seconds count as the oldest one. */
  of(group: string, since: number): readonly Block[] {
    const found: Block[] = [];
    for (const column of this.#groups.get(group)?.values() ?? []) column.collect(since, found);
    return found;
  }

  clear(): void {
    this.#groups.clear();
  }
}

/** The seconds of one replica from `#first` on, as rows of four counts, and the sum of what came before. */
class Column {
  readonly #group: string;
  readonly #replica: string;
  #first: number;
  #length = 0;
  #rows = new Uint32Array(FIRST_SECONDS * FIELDS);
  #older: Block | null = null;

  constructor({ group, replica, at }: Block) {
    this.#group = group;
    this.#replica = replica;
    this.#first = Math.floor(at / 1000);
  }

  put(block: Block): void {
    const second = Math.floor(block.at / 1000);
    // Before the first: it came out of order. Before what was added up: too late to be told apart.
    if (second < this.#first && (this.#older !== null || !this.#makeRoomBefore(second))) return;
    if (second - this.#first >= KEPT_SECONDS) this.#fold(second - KEPT_SECONDS + 1 + KEPT_SECONDS / 4);
    const row = second - this.#first;
    if ((row + 1) * FIELDS > this.#rows.length) this.#grow(0, Math.max(row + 1, 2 * this.#length));
    this.#length = Math.max(this.#length, row + 1);
    this.#rows.set([block.total, block.errors, block.slow, block.restarts], row * FIELDS);
  }

  collect(since: number, into: Block[]): void {
    if (this.#older !== null && this.#older.at + 1000 > since) into.push(this.#older);
    for (let row = Math.max(0, Math.floor(since / 1000) - this.#first); row < this.#length; row++) {
      const block = this.#block(row);
      if (block.at + 1000 > since && (block.total > 0 || block.restarts > 0)) into.push(block);
    }
  }

  #block(row: number): Block {
    const place = row * FIELDS;
    const rows = this.#rows;
    return {
      at: (this.#first + row) * 1000,
      group: this.#group,
      replica: this.#replica,
      total: rows[place] ?? 0,
      errors: rows[place + 1] ?? 0,
      slow: rows[place + 2] ?? 0,
      restarts: rows[place + 3] ?? 0,
    };
  }

  #makeRoomBefore(second: number): boolean {
    const rows = this.#first - second;
    if (this.#length + rows > KEPT_SECONDS) return false;
    this.#grow(rows, this.#length + rows);
    this.#first = second;
    this.#length += rows;
    return true;
  }

  #grow(before: number, rows: number): void {
    const larger = new Uint32Array(Math.max(rows, FIRST_SECONDS) * FIELDS);
    larger.set(this.#rows.subarray(0, this.#length * FIELDS), before * FIELDS);
    this.#rows = larger;
  }

  /** Adds up every second before `to`; the sum keeps the time of the last one in it. */
  #fold(to: number): void {
    const end = Math.min(this.#length, Math.floor(to) - this.#first);
    for (let row = 0; row < end; row++) {
      const block = this.#block(row);
      const sum = this.#older ?? { ...block, total: 0, errors: 0, slow: 0, restarts: 0 };
      this.#older = {
        ...block,
        total: sum.total + block.total,
        errors: sum.errors + block.errors,
        slow: sum.slow + block.slow,
        restarts: sum.restarts + block.restarts,
      };
    }
    this.#rows.copyWithin(0, end * FIELDS);
    this.#length -= end;
    this.#rows.fill(0, this.#length * FIELDS);
    this.#first = Math.floor(to);
  }
}

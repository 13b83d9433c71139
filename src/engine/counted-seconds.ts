import type { Block } from "../core/model/judgement.js";

export interface Counts {
  readonly total: number;
  readonly errors: number;
  readonly slow: number;
  readonly restarts: number;
}

const FIELDS = 4;
/** A guard that looks further back sees so much at full resolution; what is older it sees as one sum. */
const LONGEST_MS = 6 * 3_600_000;

/** What one group counted, second by second over all its replicas: a ring as long as the longest window, and the sum of all. */
export class CountedSeconds {
  readonly #length: number;
  readonly #rows: Uint32Array;
  readonly #all = { total: 0, errors: 0, slow: 0, restarts: 0 };
  /** The first second ever, and the one after the last; in seconds. */
  #first: number | null = null;
  #next = 0;

  constructor(longestMs: number) {
    this.#length = Math.ceil(Math.min(longestMs, LONGEST_MS) / 1_000) + 1;
    this.#rows = new Uint32Array(this.#length * FIELDS);
  }

  get all(): Counts {
    return this.#all;
  }

  /** The blocks of `group` in the second that begins at `at`; seconds come in order. */
  add(at: number, blocks: readonly Block[], group: string | null): void {
    const second = Math.floor(at / 1_000);
    this.#first ??= second;
    // Seconds that were left out have nothing in them.
    for (let gap = Math.max(this.#next, second - this.#length + 1); gap <= second; gap++) this.#clear(gap);
    this.#next = second + 1;
    const place = this.#placeOf(second);
    for (const block of blocks) {
      if (block.group !== group) continue;
      this.#count(place, block);
    }
  }

  /** The sum of the seconds that touch what comes after `from`. */
  since(from: number): Counts {
    const sum = { total: 0, errors: 0, slow: 0, restarts: 0 };
    for (let second = Math.max(this.#oldest(), Math.floor(from / 1_000)); second < this.#next; second++) {
      const place = this.#placeOf(second);
      sum.total += this.#rows[place] ?? 0;
      sum.errors += this.#rows[place + 1] ?? 0;
      sum.slow += this.#rows[place + 2] ?? 0;
      sum.restarts += this.#rows[place + 3] ?? 0;
    }
    return sum;
  }

  /** As blocks, oldest first; what left the ring is one block of the time before it. */
  blocks(group: string): readonly Block[] {
    const found: Block[] = [];
    const older = { ...this.#all };
    const oldest = this.#oldest();
    for (let second = oldest; second < this.#next; second++) {
      const place = this.#placeOf(second);
      const [total = 0, errors = 0, slow = 0, restarts = 0] = this.#rows.subarray(place, place + FIELDS);
      if (total === 0 && restarts === 0) continue;
      found.push({ at: second * 1_000, group, replica: group, total, errors, slow, restarts });
      older.total -= total;
      older.errors -= errors;
      older.slow -= slow;
      older.restarts -= restarts;
    }
    if (older.total > 0 || older.restarts > 0)
      found.unshift({ at: (oldest - 1) * 1_000, group, replica: group, ...older });
    return found;
  }

  #oldest(): number {
    return Math.max(this.#first ?? 0, this.#next - this.#length);
  }

  #placeOf(second: number): number {
    return (second % this.#length) * FIELDS;
  }

  #clear(second: number): void {
    const place = this.#placeOf(second);
    this.#rows.fill(0, place, place + FIELDS);
  }

  #count(place: number, { total, errors, slow, restarts }: Block): void {
    const rows = this.#rows;
    rows[place] = (rows[place] ?? 0) + total;
    rows[place + 1] = (rows[place + 1] ?? 0) + errors;
    rows[place + 2] = (rows[place + 2] ?? 0) + slow;
    rows[place + 3] = (rows[place + 3] ?? 0) + restarts;
    this.#all.total += total;
    this.#all.errors += errors;
    this.#all.slow += slow;
    this.#all.restarts += restarts;
  }
}

import type { EventRecord, NewEvent } from "../core/model/event.js";
import type { AppendOptions, Lease, LedgerStore } from "../ports/ledger-store.js";
import { decodeRecord, prepareRecord } from "./record.js";
import { checkAppend, closed, conflict, diskFull, inUse, leaseLost } from "./refusals.js";

/** What outlives a store: opened by two stores, it is one ledger seen by two control planes. */
export class MemoryDisk {
  readonly records: EventRecord[] = [];
  readonly streams = new Map<string, EventRecord[]>();
  lease: { term: number; holder: string; owner: MemoryLedger; expires: number } | null = null;
  term = 0;
  /** While true, ordinary appends find no space; those with `fromReserve` do. */
  full = false;
}

/**
 * The model of a ledger: the same contract as SQLite's, without a disk. For simulation and tests.
 * `now` is a virtual clock in milliseconds for leases; `crash()` is what `kill -9` does to a process.
 */
export class MemoryLedger implements LedgerStore {
  readonly #disk: MemoryDisk;
  readonly #now: () => number;
  readonly #listeners = new Set<(events: readonly EventRecord[]) => void>();
  #term: number | null = null;
  #alive = true;

  constructor(disk: MemoryDisk = new MemoryDisk(), now: () => number = () => performance.now()) {
    this.#disk = disk;
    this.#now = now;
  }

  async append(
    stream: string,
    expected: number,
    events: readonly NewEvent[],
    options: AppendOptions = {},
  ): Promise<readonly EventRecord[]> {
    if (!this.#alive) throw closed();
    checkAppend(stream, expected, events.length);
    const prepared = events.map((event) => prepareRecord(stream, event));
    this.#checkLease();
    const history = this.#disk.streams.get(stream) ?? [];
    if (history.length !== expected) throw conflict(stream, expected, history.length);
    if (this.#disk.full && options.fromReserve !== true) throw diskFull();
    const records = prepared.map((record, index) => {
      const sequence = this.#disk.records.length + index + 1;
      return decodeRecord(record.at(sequence, expected + index + 1), sequence);
    });
    this.#disk.records.push(...records);
    this.#disk.streams.set(stream, history);
    history.push(...records);
    for (const listener of this.#listeners) listener(records);
    return records;
  }

  read(stream: string, version: number): AsyncIterable<EventRecord> {
    return this.#from(() => this.#disk.streams.get(stream) ?? [], version);
  }

  readAll(sequence: number): AsyncIterable<EventRecord> {
    return this.#from(() => this.#disk.records, sequence);
  }

  async streams(): Promise<readonly { readonly stream: string; readonly version: number }[]> {
    if (!this.#alive) throw closed();
    return [...this.#disk.streams]
      .map(([stream, records]) => ({ stream, version: records.length }))
      .sort((a, b) => (a.stream < b.stream ? -1 : 1));
  }

  subscribe(listener: (events: readonly EventRecord[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async acquire(holder: string, ttlMs: number): Promise<Lease> {
    if (!this.#alive) throw closed();
    const other = this.#otherHolder();
    if (other !== null) throw inUse(other);
    const disk = this.#disk;
    disk.term += 1;
    const term = disk.term;
    this.#term = term;
    disk.lease = { term, holder, owner: this, expires: this.#now() + ttlMs };
    return {
      term,
      renew: async () => {
        if (!this.#alive) throw closed();
        if (disk.lease?.term !== term) throw leaseLost(term, disk.term);
        disk.lease.expires = this.#now() + ttlMs;
      },
      release: async () => {
        if (disk.lease?.term === term) disk.lease = null;
      },
    };
  }

  async close(): Promise<void> {
    this.crash();
    if (this.#disk.lease?.owner === this) this.#disk.lease = null;
  }

  /** Ends the store without a word: nothing more is appended, told or renewed; the lease's holder is dead. */
  crash(): void {
    this.#alive = false;
    this.#listeners.clear();
  }

  #otherHolder(): string | null {
    const lease = this.#disk.lease;
    if (lease === null || lease.owner === this || !lease.owner.#alive || lease.expires <= this.#now()) return null;
    return lease.holder;
  }

  #checkLease(): void {
    if (this.#term === null) {
      const other = this.#otherHolder();
      if (other !== null) throw inUse(other);
    } else if (this.#disk.term !== this.#term || this.#disk.lease === null) {
      throw leaseLost(this.#term, this.#disk.term);
    }
  }

  async *#from(records: () => readonly EventRecord[], after: number): AsyncIterable<EventRecord> {
    for (let index = after; ; index += 1) {
      if (!this.#alive) throw closed();
      const record = records()[index];
      if (record === undefined) return;
      yield record;
    }
  }
}

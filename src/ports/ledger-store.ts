import type { EventRecord, NewEvent } from "../core/model/event.js";

/** Proof that somebody drives the ledger; `term` rises with every acquisition and fences the one before. */
export interface Lease {
  readonly term: number;
  /** Rejects with `ledger-lease-lost` when another holder took over. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

export interface AppendOptions {
  /** May use the space that is kept for a rollback's events when the disk is full; see docs/explanation/ledger.md. */
  readonly fromReserve?: boolean;
}

export interface LedgerStore {
  /**
   * Appends to one stream, all or nothing, and resolves only after the disk has it.
   * `expected` is the version that the writer saw (0: the stream is empty); another one rejects with
   * `ledger-conflict` (retry `after-refresh`). Several events become consecutive versions and sequences.
   * A full disk rejects with `ledger-disk-full`; nothing is half written.
   * After `acquire`, an append under a lease that another holder took over rejects with `ledger-lease-lost`;
   * without a lease, it rejects with `ledger-in-use` while another live holder drives the ledger.
   */
  append(
    stream: string,
    expected: number,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<readonly EventRecord[]>;
  /** Events of one stream after `version`, in order. */
  read(stream: string, version: number): AsyncIterable<EventRecord>;
  /** Events of all streams after `sequence`, in order. */
  readAll(sequence: number): AsyncIterable<EventRecord>;
  streams(): Promise<readonly { readonly stream: string; readonly version: number }[]>;
  /** Calls back after each durable append through this store, in order of sequence; returns the way to stop. */
  subscribe(listener: (events: readonly EventRecord[]) => void): () => void;
  /** Rejects with `ledger-in-use` while another live holder drives it. */
  acquire(holder: string, ttlMs: number): Promise<Lease>;
  close(): Promise<void>;
}

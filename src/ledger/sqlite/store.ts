import type { EventRecord, NewEvent } from "../../core/model/event.js";
import type { LedgerAudit } from "../../ports/ledger-audit.js";
import type { AppendOptions, Lease, LedgerStore } from "../../ports/ledger-store.js";
import { signCheckpoint } from "../../proof/checkpoint.js";
import { checkpointKey } from "../key.js";
import { decodeRecord, prepareRecord } from "../record.js";
import { checkAppend, closed } from "../refusals.js";
import { SqliteAudit } from "./audit.js";
import { Commits, type Space } from "./commits.js";
import { guarded, inSnapshot, named, openDatabase, type Sqlite, type Statement, sqliteCode } from "./database.js";
import { LeaseTable } from "./lease.js";
import { checkEnd, remember } from "./opening.js";
import { Reserve } from "./reserve.js";
import { EventTables } from "./tables.js";

const PAGE = 500;

export interface SqliteOptions {
  readonly directory: string;
  /** True: open what is damaged, too, for `verify` and `export`. */
  readonly damaged?: boolean;
  /** The database's size limit in pages of 4 KiB and what is kept of it for a rollback; without it the disk is the limit. */
  readonly limit?: { readonly pages: number; readonly reservedPages: number };
}

/** The ledger in one SQLite file. Subscribers and leases are this process's own; the file may be read by others. */
export class SqliteLedger implements LedgerStore {
  readonly audit: LedgerAudit;
  readonly #db: Sqlite;
  readonly #lease: LeaseTable;
  readonly #commits: Commits;
  readonly #space: Space;
  readonly #listeners = new Set<(events: readonly EventRecord[]) => void>();
  readonly #readStream: Statement;
  readonly #readAll: Statement;
  #heldTerm: number | null = null;
  #open = true;

  constructor(options: SqliteOptions) {
    this.#db = openDatabase(options.directory);
    try {
      const signer = checkpointKey(options.directory);
      const tables = new EventTables(this.#db, (size, root) => signCheckpoint(size, root, signer));
      if (options.damaged !== true) {
        // Another control plane may write while this one looks.
        const size = guarded(() => inSnapshot(this.#db, () => checkEnd(this.#db, tables.refresh().size)));
        remember(this.#db, signer.verifierKey, size);
      }
      this.audit = new SqliteAudit(this.#db, signer);
      this.#lease = new LeaseTable(this.#db);
      this.#space = options.limit === undefined ? new Reserve(options.directory) : limited(this.#db, options.limit);
      this.#commits = new Commits(this.#db, tables, this.#lease, this.#space, (records) => this.#tell(records));
      this.#readStream = this.#db
        .prepare(
          "SELECT sequence, record, version FROM events WHERE stream = ? AND version > ? ORDER BY version LIMIT ?",
        )
        .raw();
      this.#readAll = this.#db
        .prepare("SELECT sequence, record FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?")
        .raw();
    } catch (error) {
      this.#db.close();
      throw named(error);
    }
  }

  async append(
    stream: string,
    expected: number,
    events: readonly NewEvent[],
    options: AppendOptions = {},
  ): Promise<readonly EventRecord[]> {
    checkAppend(stream, expected, events.length);
    const prepared = events.map((event) => prepareRecord(stream, event));
    return this.#commits.add(stream, expected, prepared, options.fromReserve === true);
  }

  async *read(stream: string, version: number): AsyncIterable<EventRecord> {
    let last = version;
    for (let rows: unknown[] = []; ; ) {
      this.#assertOpen();
      rows = guarded(() => this.#readStream.all([stream, last, PAGE]));
      for (const [sequence, record, at] of rows as [number, string, number][]) {
        last = at;
        yield decodeRecord(record, sequence);
      }
      if (rows.length < PAGE) return;
    }
  }

  async *readAll(sequence: number): AsyncIterable<EventRecord> {
    let last = sequence;
    for (let rows: unknown[] = []; ; ) {
      this.#assertOpen();
      rows = guarded(() => this.#readAll.all([last, PAGE]));
      for (const [at, record] of rows as [number, string][]) {
        last = at;
        yield decodeRecord(record, at);
      }
      if (rows.length < PAGE) return;
    }
  }

  async streams(): Promise<readonly { readonly stream: string; readonly version: number }[]> {
    this.#assertOpen();
    const rows = guarded(() => this.#db.prepare("SELECT stream, version FROM streams ORDER BY stream").raw().all([]));
    return (rows as [string, number][]).map(([stream, version]) => ({ stream, version }));
  }

  subscribe(listener: (events: readonly EventRecord[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async acquire(holder: string, ttlMs: number): Promise<Lease> {
    this.#assertOpen();
    const term = guarded(() => this.#acquire(holder, ttlMs));
    this.#heldTerm = term;
    return {
      term,
      renew: async () => {
        this.#assertOpen();
        guarded(() => this.#lease.renew(term, ttlMs));
      },
      release: async () => {
        if (this.#open) guarded(() => this.#lease.release(term));
      },
    };
  }

  /** Commits what waits, gives the lease back and closes the file. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#commits.close();
    this.#open = false;
    try {
      const term = this.#heldTerm;
      if (term !== null) guarded(() => this.#lease.release(term));
    } finally {
      this.#listeners.clear();
      this.#db.close();
    }
  }

  /** A control plane that starts on a full disk must be able to take over, or nobody could roll back. */
  #acquire(holder: string, ttlMs: number): number {
    try {
      return this.#lease.acquire(holder, ttlMs);
    } catch (error) {
      if (!sqliteCode(error).startsWith("SQLITE_FULL") || !this.#space.held) throw error;
      this.#space.release();
      return this.#lease.acquire(holder, ttlMs);
    }
  }

  #assertOpen(): void {
    if (!this.#open) throw closed();
  }

  #tell(records: readonly EventRecord[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(records);
      } catch (error) {
        // The events are durable whatever a listener does; its bug must surface, and must not reach the writers.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** A limit inside SQLite instead of the disk's: for quotas, and to fill a disk without filling one. */
function limited(db: Sqlite, limit: { readonly pages: number; readonly reservedPages: number }): Space {
  let held = true;
  const set = (pages: number) => db.exec(`PRAGMA max_page_count = ${pages}`);
  set(limit.pages - limit.reservedPages);
  return {
    get held() {
      return held;
    },
    release() {
      set(limit.pages);
      held = false;
    },
    restore() {
      const used = (db.prepare("PRAGMA page_count").raw().get([]) as [number])[0];
      if (used > limit.pages - 2 * limit.reservedPages) return false;
      set(limit.pages - limit.reservedPages);
      held = true;
      return true;
    },
  };
}

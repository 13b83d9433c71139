import type { EventRecord } from "../../core/model/event.js";
import { WindlassError } from "../../error.js";
import type { PreparedRecord } from "../record.js";
import { closed, conflict, diskFull } from "../refusals.js";
import { inTransaction, named, type Sqlite, sqliteCode } from "./database.js";
import type { LeaseTable } from "./lease.js";
import type { EventTables } from "./tables.js";

/** More waiting appends than this are refused: who appends faster than the disk must wait. */
const MAX_WAITING = 10_000;
/** Bounds how long one commit keeps the event loop. */
const MAX_BATCH = 512;

interface Waiting {
  readonly stream: string;
  readonly expected: number;
  readonly prepared: readonly PreparedRecord[];
  readonly fromReserve: boolean;
  readonly resolve: (records: readonly EventRecord[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Where space for a rollback's events comes from once the disk is full. */
export interface Space {
  readonly held: boolean;
  release(): void;
  restore(): boolean;
}

/**
 * Group commit: appends that arrive while the event loop is busy share one transaction, so one fdatasync. Each is
 * acknowledged after it. A conflict rejects only its own append.
 */
export class Commits {
  readonly #db: Sqlite;
  readonly #tables: EventTables;
  readonly #lease: LeaseTable;
  readonly #space: Space;
  readonly #committed: (records: readonly EventRecord[]) => void;
  #waiting: Waiting[] = [];
  #scheduled: NodeJS.Immediate | null = null;
  /** After an I/O error nobody knows what the disk has: nothing more is written until the ledger is opened anew. */
  #broken: unknown = null;

  constructor(
    db: Sqlite,
    tables: EventTables,
    lease: LeaseTable,
    space: Space,
    committed: (records: readonly EventRecord[]) => void,
  ) {
    this.#db = db;
    this.#tables = tables;
    this.#lease = lease;
    this.#space = space;
    this.#committed = committed;
  }

  add(
    stream: string,
    expected: number,
    prepared: readonly PreparedRecord[],
    fromReserve: boolean,
  ): Promise<readonly EventRecord[]> {
    if (this.#broken !== null) throw this.#broken;
    if (this.#waiting.length >= MAX_WAITING) {
      throw new WindlassError("ledger-overloaded", `${MAX_WAITING} appends wait for the disk already.`, {
        retry: "safe",
      });
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ stream, expected, prepared, fromReserve, resolve, reject });
      this.#scheduled ??= setImmediate(() => this.flush());
    });
  }

  /** Commits what waits, at once. */
  flush(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#scheduled = null;
    const batch = this.#waiting.splice(0, MAX_BATCH);
    if (this.#waiting.length > 0) this.#scheduled = setImmediate(() => this.flush());
    if (batch.length > 0) this.#commit(batch);
  }

  close(): void {
    while (this.#waiting.length > 0) this.flush();
    this.#broken = closed();
  }

  #commit(batch: readonly Waiting[]): void {
    try {
      const blocked = !this.#space.held && !this.#space.restore();
      const admitted = blocked ? batch.filter((append) => append.fromReserve) : batch;
      if (blocked) for (const append of batch) if (!append.fromReserve) append.reject(diskFull());
      if (admitted.length > 0) {
        const outcomes = inTransaction(this.#db, () => this.#write(admitted));
        this.#settle(admitted, outcomes);
      }
    } catch (error) {
      this.#failed(batch, error);
    }
  }

  #write(batch: readonly Waiting[]): (readonly EventRecord[] | WindlassError)[] {
    this.#lease.check();
    this.#tables.refresh();
    const outcomes = batch.map(({ stream, expected, prepared }) => {
      const version = this.#tables.versionOf(stream);
      return version === expected ? this.#tables.insert(stream, prepared) : conflict(stream, expected, version);
    });
    if (outcomes.some((outcome) => !(outcome instanceof WindlassError))) this.#tables.writeHead();
    return outcomes;
  }

  #settle(batch: readonly Waiting[], outcomes: readonly (readonly EventRecord[] | WindlassError)[]): void {
    const durable: EventRecord[] = [];
    batch.forEach((append, index) => {
      const outcome = outcomes[index];
      if (outcome instanceof WindlassError) append.reject(outcome);
      else if (outcome !== undefined) {
        durable.push(...outcome);
        append.resolve(outcome);
      }
    });
    if (durable.length > 0) this.#committed(durable);
  }

  #failed(batch: readonly Waiting[], error: unknown): void {
    this.#tables.forget();
    const urgent = batch.filter((append) => append.fromReserve);
    if (sqliteCode(error).startsWith("SQLITE_FULL") && urgent.length > 0 && this.#space.held) {
      this.#space.release();
      for (const append of batch) if (!append.fromReserve) append.reject(diskFull(error));
      this.#commit(urgent);
      return;
    }
    const reason = named(error);
    if (reason instanceof WindlassError && reason.code === "ledger-io") this.#broken = reason;
    for (const append of batch) append.reject(reason);
  }
}

import { randomUUID } from "node:crypto";
import os from "node:os";
import { inUse, leaseLost } from "../refusals.js";
import { inTransaction, type Sqlite, type Statement, sqliteCode } from "./database.js";
import { isAlive, type ProcessIdentity, thisProcess } from "./process.js";

interface LeaseRow {
  readonly term: number;
  readonly holder: string | null;
  readonly process: (ProcessIdentity & { readonly store: string }) | null;
  readonly expires: number;
}

/**
 * Who drives the ledger, kept in the ledger's own database, so that a check and an append are one transaction.
 * A holder that was killed is replaced at once (its process is gone); one that hangs, when its time is over. Time is
 * counted from the boot: setting the wall clock neither ends nor prolongs a lease.
 */
export class LeaseTable {
  readonly #db: Sqlite;
  readonly #read: Statement;
  readonly #write: Statement;
  readonly #me = { ...thisProcess(), store: randomUUID() };
  #term: number | null = null;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#read = db.prepare("SELECT term, holder, process, expires FROM lease WHERE one = 1").raw();
    this.#write = db.prepare("UPDATE lease SET term = ?, holder = ?, process = ?, expires = ? WHERE one = 1");
  }

  acquire(holder: string, ttlMs: number): number {
    return inTransaction(this.#db, () => {
      const row = this.#row();
      if (this.#isOther(row)) throw inUse(row.holder ?? "nobody", { pid: row.process?.pid, term: row.term });
      const term = row.term + 1;
      this.#write.run([term, holder, JSON.stringify(this.#me), uptimeMs() + ttlMs]);
      this.#term = term;
      return term;
    });
  }

  renew(term: number, ttlMs: number): void {
    unlessFull(() =>
      inTransaction(this.#db, () => {
        const row = this.#row();
        if (row.term !== term || row.holder === null) throw leaseLost(term, row.term);
        this.#write.run([term, row.holder, JSON.stringify(this.#me), uptimeMs() + ttlMs]);
      }),
    );
  }

  release(term: number): void {
    unlessFull(() =>
      inTransaction(this.#db, () => {
        if (this.#row().term === term) this.#write.run([term, null, null, 0]);
      }),
    );
  }

  /** Inside the append's transaction: refuses a writer whose term is over, and one without a lease beside a holder. */
  check(): void {
    const row = this.#row();
    if (this.#term === null) {
      if (this.#isOther(row)) throw inUse(row.holder ?? "nobody", { pid: row.process?.pid, term: row.term });
    } else if (row.term !== this.#term || row.holder === null) {
      throw leaseLost(this.#term, row.term);
    }
  }

  #row(): LeaseRow {
    const [term, holder, process, expires] = this.#read.get([]) as [number, string | null, string | null, number];
    return { term, holder, process: process === null ? null : JSON.parse(process), expires };
  }

  #isOther(row: LeaseRow): boolean {
    if (row.holder === null || row.process === null) return false;
    return row.process.store !== this.#me.store && row.expires > uptimeMs() && isAlive(row.process);
  }
}

/** On a full disk a lease can be neither prolonged nor given back: it holds until somebody else takes it. */
function unlessFull(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!sqliteCode(error).startsWith("SQLITE_FULL")) throw error;
  }
}

function uptimeMs(): number {
  return os.uptime() * 1_000;
}

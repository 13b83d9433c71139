import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readSync } from "node:fs";
import path from "node:path";
import Database from "libsql";
import { WindlassError } from "../../error.js";
import { diskFull } from "../refusals.js";

export type Sqlite = Database.Database;
export type Statement = Database.Statement;

export const FORMAT = 1;
const HEADER = Buffer.from("SQLite format 3\0");

const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  sequence INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, key TEXT, record TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS events_by_stream ON events (stream, version);
CREATE INDEX IF NOT EXISTS events_by_key ON events (stream, key) WHERE key IS NOT NULL;
CREATE TABLE IF NOT EXISTS leaves (sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS streams (stream TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, edge BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lease (
  one INTEGER PRIMARY KEY CHECK (one = 1), term INTEGER NOT NULL, holder TEXT, process TEXT, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL);
INSERT OR IGNORE INTO head VALUES (1, 0, x'');
INSERT OR IGNORE INTO lease VALUES (1, 0, NULL, NULL, 0);
INSERT OR IGNORE INTO meta VALUES ('format', '${FORMAT}');
`;

/** Opens or creates `<directory>/ledger.db`: WAL, and a commit returns only after fdatasync (synchronous FULL). */
export function openDatabase(directory: string): Sqlite {
  const file = path.join(directory, "ledger.db");
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // SQLite would create it readable by all; its -wal and -shm take the mode of this one.
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
  } catch (cause) {
    throw new WindlassError("ledger-unreadable", `The ledger in ${directory} cannot be opened.`, {
      cause,
      hint: "Check who owns the directory and its permissions.",
    });
  }
  checkHeader(file);
  return guarded(() => {
    // The driver takes the time to wait for a lock in milliseconds.
    const db = new Database(file, { timeout: 5_000 });
    try {
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
      if (storedFormat(db) === null) inTransaction(db, () => db.exec(SCHEMA));
      checkFormat(storedFormat(db));
      syncDirectory(directory);
    } catch (error) {
      db.close();
      throw error;
    }
    return db;
  });
}

/** SQLite throws the -wal beside a file away that it does not take for its own, and the newest events with it. */
function checkHeader(file: string): void {
  const handle = openSync(file, "r");
  const header = Buffer.alloc(HEADER.length);
  try {
    if (readSync(handle, header, 0, HEADER.length, 0) === 0 || header.equals(HEADER)) return;
  } finally {
    closeSync(handle);
  }
  throw damagedFile(new Error("its header is not that of a database"));
}

function storedFormat(db: Sqlite): number | null {
  const known = db.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").raw().get([]) as [number];
  if (known[0] === 0) return null;
  const row = db.prepare("SELECT value FROM meta WHERE name = 'format'").raw().get([]) as [string] | undefined;
  return row === undefined ? null : Number(row[0]);
}

function checkFormat(format: number | null): void {
  if (format === FORMAT) return;
  throw new WindlassError("ledger-format", `The ledger has format ${format}, this Windlass reads format ${FORMAT}.`, {
    hint: "A newer Windlass wrote it: use that version.",
  });
}

/** All or nothing. SQLite itself rolls some failures back; the rest is rolled back here. */
export function inTransaction<T>(db: Sqlite, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.inTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Everything that `work` reads is of one moment, whoever writes meanwhile. */
export function inSnapshot<T>(db: Sqlite, work: () => T): T {
  db.exec("BEGIN");
  try {
    return work();
  } finally {
    // What went wrong may have ended it already, and is what is told.
    if (db.inTransaction) db.exec("COMMIT");
  }
}

/** Runs `work` and gives what SQLite throws the ledger's names. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(error);
  }
}

export function sqliteCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

export function named(error: unknown): unknown {
  const code = sqliteCode(error);
  if (error instanceof WindlassError || !code.startsWith("SQLITE_")) return error;
  if (code.startsWith("SQLITE_FULL")) return diskFull(error);
  if (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB")) {
    return damagedFile(error);
  }
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return new WindlassError("ledger-busy", "Another process holds the ledger's file for too long.", {
      cause: error,
      retry: "safe",
    });
  }
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_PERM")) {
    return new WindlassError("ledger-unreadable", "The ledger's file cannot be opened for writing.", {
      cause: error,
      hint: "Check who owns the ledger's directory and its permissions.",
    });
  }
  return new WindlassError("ledger-io", `The ledger's file could not be read or written (${code}).`, {
    cause: error,
    hint: "Look at the disk: `dmesg`, and `windlass ledger verify` once it is well.",
  });
}

/** A new file is durable only when its directory is. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function damagedFile(cause: unknown): WindlassError {
  return new WindlassError("ledger-corrupt", "The ledger's file is damaged.", {
    cause,
    hint: "Stop Windlass, keep the damaged directory, and put the last `windlass ledger backup` in its place.",
  });
}

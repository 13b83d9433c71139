import { WindlassError } from "../../error.js";
import { leafHash } from "../../proof/merkle.js";
import { guarded, type Sqlite } from "./database.js";

/** How many of the last records are checked whenever a ledger is opened; `verify` checks all. */
const CHECKED = 64;

/**
 * Refuses to go on after a last record that is not what its head, its leaf hashes and its bytes agree on; gives the head's
 * size. To be called in the snapshot that the size is of.
 */
export function checkEnd(db: Sqlite, size: number): number {
  const [last] = db.prepare("SELECT max(sequence) FROM events").raw().get([]) as [number | null];
  if ((last ?? 0) !== size) throw corrupt(`its head counts ${size} records, the last one is ${last ?? 0}`, size);
  const rows = db
    .prepare("SELECT sequence, record, hash FROM events LEFT JOIN leaves USING (sequence) WHERE sequence > ?")
    .raw()
    .all([size - CHECKED]) as [number, string, Buffer | null][];
  for (const [sequence, record, hash] of rows) {
    if (hash?.equals(leafHash(record)) !== true) throw corrupt(`record ${sequence} is not as recorded`, sequence);
  }
  return size;
}

function corrupt(why: string, sequence: number): WindlassError {
  return new WindlassError("ledger-corrupt", `The ledger is damaged: ${why}.`, {
    facts: { sequence },
    hint: "Stop Windlass, keep the damaged directory, and put the last `windlass ledger backup` in its place.",
  });
}

/** Keeps every key that has signed for this ledger, so that old checkpoints can be read after a restore. */
export function remember(db: Sqlite, verifierKey: string, size: number): void {
  guarded(() => {
    const name = `key ${verifierKey}`;
    const known = db.prepare("SELECT 1 FROM meta WHERE name = ?").raw().get([name]);
    if (known === undefined) db.prepare("INSERT OR IGNORE INTO meta VALUES (?, ?)").run([name, String(size)]);
  });
}

import { closeSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import Database from "libsql";
import { WindlassError } from "../error.js";
import type { SeriesStore } from "../ports/series-store.js";
import { RETENTION, type Retention } from "./retention.js";
import { SqliteSeries } from "./sqlite.js";

export interface SeriesOptions {
  readonly directory: string;
  readonly retention?: Partial<Retention>;
}

/**
 * Opens the series in a directory, or begins new ones. Telemetry is no evidence and can be counted anew: a damaged
 * file is put aside as `series.db.damaged` (the last one is kept) and an empty one takes its place.
 */
export async function openSeries(options: SeriesOptions): Promise<SeriesStore> {
  const file = path.join(options.directory, "series.db");
  const retention = { ...RETENTION, ...options.retention };
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  try {
    return openFile(file, retention);
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? "");
    if (!code.startsWith("SQLITE_NOTADB") && !code.startsWith("SQLITE_CORRUPT")) {
      throw new WindlassError("series-unreadable", `The series in ${options.directory} cannot be opened.`, {
        cause: error,
        hint: "Check who owns the directory, its permissions and the space on the disk.",
      });
    }
    renameSync(file, `${file}.damaged`);
    for (const rest of ["-wal", "-shm"]) rmSync(`${file}${rest}`, { force: true });
    return openFile(file, retention);
  }
}

function openFile(file: string, retention: Retention): SqliteSeries {
  closeSync(openSync(file, "a", 0o600));
  const db = new Database(file, { timeout: 5_000 });
  try {
    // NORMAL: the last seconds may be lost with the power, never the file.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000");
    return new SqliteSeries(db, retention);
  } catch (error) {
    db.close();
    throw error;
  }
}

import type Database from "libsql";
import type { Block } from "../core/model/judgement.js";
import { WindlassError } from "../error.js";
import type { Resolution, SeriesQuery, SeriesStore } from "../ports/series-store.js";
import { decodeLatencies, encodeLatencies } from "./latencies.js";
import { FINER, horizon, type Retention, WIDTH } from "./retention.js";
import { States } from "./states.js";

const RESOLUTIONS: readonly Resolution[] = ["second", "minute", "hour"];
const COUNTS = "total, errors, slow, restarts";

type Row = [number, string, string, number, number, number, number, Buffer | null];
type ServiceBlock = Block & { readonly service: string };

/** Blocks of counts in one table per resolution; a coarser one is added up whenever a finer one is written. */
export class SqliteSeries implements SeriesStore {
  readonly #db: Database.Database;
  readonly #retention: Retention;
  readonly #states: States;
  readonly #insert: Database.Statement;
  readonly #addUp: Readonly<Record<"minute" | "hour", Database.Statement>>;
  readonly #read: Readonly<Record<Resolution, Database.Statement>>;
  /** Older blocks that arrive late are passed over: what they belong to was dropped. */
  #horizons: Retention;

  constructor(db: Database.Database, retention: Retention) {
    this.#db = db;
    this.#retention = retention;
    this.#states = new States(db);
    for (const resolution of RESOLUTIONS) {
      db.exec(`CREATE TABLE IF NOT EXISTS ${resolution}s (
        environment TEXT NOT NULL, service TEXT NOT NULL, at INTEGER NOT NULL, grp TEXT NOT NULL, replica TEXT NOT NULL,
        total INTEGER NOT NULL, errors INTEGER NOT NULL, slow INTEGER NOT NULL, restarts INTEGER NOT NULL,
        PRIMARY KEY (environment, service, at, grp, replica)) WITHOUT ROWID`);
    }
    addLatencies(db);
    db.exec("CREATE TABLE IF NOT EXISTS horizons (resolution TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID");
    const stored = new Map(db.prepare("SELECT resolution, at FROM horizons").raw().all([]) as [string, number][]);
    this.#horizons = { second: 0, minute: 0, hour: 0, ...Object.fromEntries(stored) };
    this.#insert = db.prepare("INSERT OR REPLACE INTO seconds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    const addUp = (to: "minute" | "hour") =>
      db.prepare(`INSERT OR REPLACE INTO ${to}s
        SELECT environment, service, ?3, grp, replica, sum(total), sum(errors), sum(slow), sum(restarts)
        FROM ${FINER[to]}s WHERE environment = ?1 AND service = ?2 AND at >= ?3 AND at < ?3 + ${WIDTH[to]}
        GROUP BY grp, replica`);
    this.#addUp = { minute: addUp("minute"), hour: addUp("hour") };
    const read = (resolution: Resolution) =>
      db
        .prepare(`SELECT at, grp, replica, ${COUNTS}, ${resolution === "second" ? "latencies" : "NULL"} FROM ${resolution}s
          WHERE environment = ? AND service = ? AND at >= ? AND at < ? ORDER BY at, grp, replica`)
        .raw();
    this.#read = { second: read("second"), minute: read("minute"), hour: read("hour") };
  }

  async write(environment: string, blocks: readonly ServiceBlock[]): Promise<void> {
    const fresh = blocks.filter((block) => block.at >= this.#horizons.second);
    if (fresh.length === 0) return;
    this.#transaction(() => {
      for (const { service, at, group, replica, total, errors, slow, restarts, latencies } of fresh) {
        const packed = latencies === undefined ? null : encodeLatencies(latencies);
        this.#insert.run([environment, service, at, group, replica, total, errors, slow, restarts, packed]);
      }
      for (const resolution of ["minute", "hour"] as const) {
        for (const [service, at] of touched(fresh, WIDTH[resolution])) {
          // An hour whose minutes are dropped in part keeps what it has.
          if (at >= this.#horizons[FINER[resolution]]) {
            this.#addUp[resolution].run([environment, service, at]);
          }
        }
      }
    });
  }

  async read(query: SeriesQuery): Promise<readonly Block[]> {
    const rows = this.#read[query.resolution].all([query.environment, query.service, query.from, query.to]) as Row[];
    return rows.map(([at, group, replica, total, errors, slow, restarts, packed]) => {
      const block = { at, group, replica, total, errors, slow, restarts };
      return packed === null ? block : { ...block, latencies: decodeLatencies(packed) };
    });
  }

  async putState(environment: string, service: string, kind: string, json: unknown): Promise<void> {
    const text = States.textOf(service, kind, json);
    this.#transaction(() => this.#states.put([environment, service, kind], text));
  }

  async getState(environment: string, service: string, kind: string): Promise<unknown> {
    return this.#states.get([environment, service, kind]);
  }

  async removeState(environment: string, service: string, kind: string): Promise<void> {
    this.#transaction(() => this.#states.remove([environment, service, kind]));
  }

  async maintain(now: number): Promise<void> {
    const horizons = { ...this.#horizons };
    for (const resolution of RESOLUTIONS) {
      horizons[resolution] = Math.max(horizons[resolution], horizon(resolution, now, this.#retention));
    }
    this.#transaction(() => {
      for (const resolution of RESOLUTIONS) {
        const at = horizons[resolution];
        this.#db.prepare(`DELETE FROM ${resolution}s WHERE at < ?`).run([at]);
        this.#db.prepare("INSERT OR REPLACE INTO horizons VALUES (?, ?)").run([resolution, at]);
      }
    });
    this.#horizons = horizons;
  }

  async close(): Promise<void> {
    if (this.#db.open) this.#db.close();
  }

  #transaction(work: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec("ROLLBACK");
      throw new WindlassError("series-not-written", "The series store could not write.", {
        cause: error,
        retry: "safe",
        hint: "Look at the disk: is it full?",
      });
    }
  }
}

/** Files of before there were any have no column for them. */
function addLatencies(db: Database.Database): void {
  const columns = db.prepare("SELECT name FROM pragma_table_info('seconds')").raw().all([]) as [string][];
  if (!columns.some(([name]) => name === "latencies")) db.exec("ALTER TABLE seconds ADD COLUMN latencies BLOB");
}

/** Each coarser span that some of these belong to, once per service. */
function touched(blocks: readonly ServiceBlock[], width: number): Iterable<readonly [string, number]> {
  const found = new Map<string, readonly [string, number]>();
  for (const { service, at } of blocks) {
    const start = Math.floor(at / width) * width;
    found.set(`${start} ${service}`, [service, start]);
  }
  return found.values();
}

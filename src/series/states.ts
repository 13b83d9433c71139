import type Database from "libsql";
import { WindlassError } from "../error.js";
import { MAX_STATE_BYTES, MAX_STATES } from "../ports/series-store.js";

type Key = readonly [environment: string, service: string, kind: string];

const WHERE = "environment = ? AND service = ? AND kind = ?";
/** Room is made for so many at once: finding the oldest looks at all. */
const ROOM = 100;

/** Small JSON documents, one per environment, service and kind; bounded in size and number. */
export class States {
  readonly #replace: Database.Statement;
  readonly #insert: Database.Statement;
  readonly #get: Database.Statement;
  readonly #remove: Database.Statement;
  readonly #makeRoom: Database.Statement;
  #count: number;
  /** Rises with every writing: which document was written before which. */
  #written: number;

  constructor(db: Database.Database) {
    db.exec(`CREATE TABLE IF NOT EXISTS states (
      environment TEXT NOT NULL, service TEXT NOT NULL, kind TEXT NOT NULL, json TEXT NOT NULL, written INTEGER NOT NULL,
      PRIMARY KEY (environment, service, kind)) WITHOUT ROWID`);
    this.#replace = db.prepare(`UPDATE states SET json = ?, written = ? WHERE ${WHERE}`);
    this.#insert = db.prepare("INSERT INTO states (json, written, environment, service, kind) VALUES (?, ?, ?, ?, ?)");
    this.#get = db.prepare(`SELECT json FROM states WHERE ${WHERE}`).raw();
    this.#remove = db.prepare(`DELETE FROM states WHERE ${WHERE}`);
    this.#makeRoom = db.prepare(`DELETE FROM states WHERE (environment, service, kind) IN
      (SELECT environment, service, kind FROM states ORDER BY written LIMIT ${ROOM})`);
    const [count, written] = db.prepare("SELECT count(*), coalesce(max(written), 0) FROM states").raw().get([]) as [
      number,
      number,
    ];
    this.#count = count;
    this.#written = written;
  }

  /** Throws `series-state-too-large`, and `series-state-invalid` for what JSON cannot say. */
  static textOf(service: string, kind: string, json: unknown): string {
    const text = JSON.stringify(json) as string | undefined;
    if (text === undefined) throw new WindlassError("series-state-invalid", `the ${kind} of ${service} is no JSON`);
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_STATE_BYTES)
      throw new WindlassError("series-state-too-large", `the ${kind} of ${service} has ${bytes} bytes`, {
        hint: `at most ${MAX_STATE_BYTES} are kept`,
        facts: { bytes },
      });
    return text;
  }

  put(key: Key, text: string): void {
    this.#written += 1;
    if (this.#replace.run([text, this.#written, ...key]).changes > 0) return;
    if (this.#count >= MAX_STATES) this.#count -= this.#makeRoom.run([]).changes;
    this.#insert.run([text, this.#written, ...key]);
    this.#count += 1;
  }

  get(key: Key): unknown {
    const row = this.#get.get([...key]) as [string] | undefined;
    return row === undefined ? null : JSON.parse(row[0]);
  }

  remove(key: Key): void {
    this.#count -= this.#remove.run([...key]).changes;
  }
}

import type { EventRecord } from "../../core/model/event.js";
import { WindlassError } from "../../error.js";
import { Edge, leafHash } from "../../proof/merkle.js";
import { decodeRecord, type PreparedRecord } from "../record.js";
import type { Sqlite, Statement } from "./database.js";

/** Signed now and then, so that a ledger that was rewritten as a whole still tells where that begins. */
const CHECKPOINT_EVERY = 1024;

/**
 * The rows behind the events: records, leaf hashes, stream versions and the tree's right edge. Writes happen inside the
 * caller's transaction; `forget` follows a rollback. What is known of the head is kept in memory for as long as the
 * database's own head says that nobody else has written.
 */
export class EventTables {
  readonly #head: Statement;
  readonly #setHead: Statement;
  readonly #version: Statement;
  readonly #setVersion: Statement;
  readonly #insertEvent: Statement;
  readonly #insertLeaf: Statement;
  readonly #insertCheckpoint: Statement;
  readonly #sign: (size: number, root: Buffer) => string;
  #signed = 0;
  #edge: Edge | null = null;
  #versions = new Map<string, number>();

  constructor(db: Sqlite, sign: (size: number, root: Buffer) => string) {
    this.#sign = sign;
    this.#insertCheckpoint = db.prepare("INSERT OR IGNORE INTO checkpoints VALUES (?, ?)");
    this.#head = db.prepare("SELECT size, edge FROM head WHERE one = 1").raw();
    this.#setHead = db.prepare("UPDATE head SET size = ?, edge = ? WHERE one = 1");
    this.#version = db.prepare("SELECT version FROM streams WHERE stream = ?").raw();
    this.#setVersion = db.prepare(
      "INSERT INTO streams VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET version = excluded.version",
    );
    this.#insertEvent = db.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?)");
    this.#insertLeaf = db.prepare("INSERT INTO leaves VALUES (?, ?)");
  }

  /** Sees what other processes have written since. */
  refresh(): Edge {
    const [size, edge] = this.#head.get([]) as [number, Buffer];
    if (this.#edge?.size !== size) {
      this.#versions.clear();
      this.#edge = Edge.from(size, edge);
      this.#signed = Math.floor(size / CHECKPOINT_EVERY);
      if (this.#edge === null) {
        throw new WindlassError("ledger-corrupt", `The ledger's head does not fit its size of ${size}.`, {
          hint: "Put the last `windlass ledger backup` in its place.",
        });
      }
    }
    return this.#edge;
  }

  versionOf(stream: string): number {
    const known = this.#versions.get(stream);
    if (known !== undefined) return known;
    const row = this.#version.get([stream]) as [number] | undefined;
    const version = row?.[0] ?? 0;
    this.#versions.set(stream, version);
    return version;
  }

  insert(stream: string, prepared: readonly PreparedRecord[]): EventRecord[] {
    const edge = this.#known();
    let version = this.versionOf(stream);
    const records = prepared.map((record) => {
      const sequence = edge.size + 1;
      version += 1;
      const text = record.at(sequence, version);
      const leaf = leafHash(text);
      this.#insertEvent.run([sequence, stream, version, record.key, text]);
      this.#insertLeaf.run([sequence, leaf]);
      edge.append(leaf);
      return decodeRecord(text, sequence);
    });
    this.#setVersion.run([stream, version]);
    this.#versions.set(stream, version);
    return records;
  }

  /** Once per transaction, after the last insert. */
  writeHead(): void {
    const edge = this.#known();
    this.#setHead.run([edge.size, edge.bytes()]);
    const due = Math.floor(edge.size / CHECKPOINT_EVERY);
    if (due > this.#signed) this.#insertCheckpoint.run([edge.size, this.#sign(edge.size, edge.root())]);
    this.#signed = due;
  }

  forget(): void {
    this.#edge = null;
    this.#versions.clear();
  }

  #known(): Edge {
    return this.#edge ?? this.refresh();
  }
}

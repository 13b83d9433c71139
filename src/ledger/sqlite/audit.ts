import { mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import Database from "libsql";
import { WindlassError } from "../../error.js";
import type { LedgerAudit, VerifyOptions, VerifyReport } from "../../ports/ledger-audit.js";
import { openCheckpoint, signCheckpoint } from "../../proof/checkpoint.js";
import type { GrowthProof, RecordProof } from "../../proof/document.js";
import { Edge } from "../../proof/merkle.js";
import type { Signer } from "../../proof/note.js";
import { consistencyPath, inclusionPath, subtreeHash } from "../../proof/path.js";
import { guarded, type Sqlite, syncDirectory } from "./database.js";
import { pages } from "./pages.js";
import { verify } from "./verify.js";

/** Proofs, exports and backups of a ledger in SQLite. */
export class SqliteAudit implements LedgerAudit {
  readonly #db: Sqlite;
  readonly #signer: Signer;

  constructor(db: Sqlite, signer: Signer) {
    this.#db = db;
    this.#signer = signer;
  }

  get verifierKey(): string {
    return this.#signer.verifierKey;
  }

  async checkpoint(): Promise<string> {
    return this.#sign(this.#head());
  }

  verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    return verify(this.#db, this.verifierKey, options);
  }

  async prove(record: number | { readonly stream: string; readonly version: number }): Promise<RecordProof> {
    const head = this.#head();
    const [by, values] =
      typeof record === "number"
        ? ["sequence = ?", [record]]
        : ["stream = ? AND version = ?", [record.stream, record.version]];
    const row = guarded(() => this.#db.prepare(`SELECT sequence, record FROM events WHERE ${by}`).raw().get(values));
    const [sequence, text] = (row ?? [0, ""]) as [number, string];
    if (sequence === 0 || sequence > head.size) {
      const name = typeof record === "number" ? `number ${record}` : `${record.stream}@${record.version}`;
      throw new WindlassError("ledger-no-record", `There is no record ${name}.`, {
        hint: `The ledger has ${head.size} records.`,
      });
    }
    return {
      format: "windlass-record-proof@1",
      record: text,
      sequence,
      path: base64(await inclusionPath(this.#subtrees(), sequence - 1, head.size)),
      checkpoint: this.#sign(head),
    };
  }

  async proveGrowth(from: string): Promise<GrowthProof> {
    const head = this.#head();
    const { size } = openCheckpoint(from, this.verifierKey);
    if (size > head.size) {
      throw new WindlassError("proof-invalid", `The checkpoint knows ${size} records, this ledger has ${head.size}.`, {
        hint: "The ledger was cut, or it is an older copy: run `windlass ledger verify`.",
      });
    }
    const path = base64(await consistencyPath(this.#subtrees(), size, head.size));
    return { format: "windlass-growth-proof@1", from, to: this.#sign(head), path };
  }

  async export(): Promise<{ readonly checkpoint: string; readonly lines: AsyncIterable<string> }> {
    const head = this.#head();
    const sql = "SELECT record FROM events WHERE sequence > ? AND sequence <= ? ORDER BY sequence";
    const db = this.#db;
    const lines = async function* () {
      for await (const rows of pages<[string]>(db, sql, 0, head.size)) for (const [record] of rows) yield record;
    };
    return { checkpoint: this.#sign(head), lines: lines() };
  }

  async backup(directory: string): Promise<{ readonly checkpoint: string }> {
    if (await exists(directory)) {
      throw new WindlassError("ledger-backup-exists", `${directory} is there already.`, {
        hint: "Name a directory that does not exist yet.",
      });
    }
    const partial = `${directory}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o700 });
    try {
      const file = path.join(partial, "ledger.db");
      guarded(() => this.#db.prepare("VACUUM INTO ?").run([file]));
      const checkpoint = this.#sign(guarded(() => prepareCopy(file)));
      await writeFile(path.join(partial, "checkpoint"), checkpoint, { mode: 0o600 });
      await writeFile(path.join(partial, "verifier.key"), `${this.verifierKey}\n`, { mode: 0o600 });
      for (const name of ["ledger.db", "checkpoint", "verifier.key"]) await sync(path.join(partial, name));
      await rename(partial, directory);
      syncDirectory(path.dirname(path.resolve(directory)));
      return { checkpoint };
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
  }

  #head(): Edge {
    return guarded(() => readHead(this.#db));
  }

  #sign(head: Edge): string {
    return signCheckpoint(head.size, head.root(), this.#signer);
  }

  #subtrees() {
    const sql = "SELECT hash FROM leaves WHERE sequence > ? AND sequence <= ? ORDER BY sequence";
    const db = this.#db;
    return subtreeHash(async function* (from, to) {
      for await (const rows of pages<[Buffer]>(db, sql, from, to)) for (const [leaf] of rows) yield leaf;
    });
  }
}

function readHead(db: Sqlite): Edge {
  const [size, bytes] = db.prepare("SELECT size, edge FROM head").raw().get([]) as [number, Buffer];
  const edge = Edge.from(size, bytes);
  if (edge === null) throw new WindlassError("ledger-corrupt", `The ledger's head does not fit its size of ${size}.`);
  return edge;
}

/** A copy is driven by nobody, whoever drives the original. Returns the head that the copy has. */
function prepareCopy(file: string): Edge {
  const copy = new Database(file);
  try {
    copy.exec("UPDATE lease SET holder = NULL, process = NULL, expires = 0");
    return readHead(copy);
  } finally {
    copy.close();
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, "r+");
  await handle.sync().finally(() => handle.close());
}

function base64(path: readonly Buffer[]): string[] {
  return path.map((each) => each.toString("base64"));
}

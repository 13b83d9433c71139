import { WindlassError } from "../../error.js";
import type { VerifyOptions, VerifyReport } from "../../ports/ledger-audit.js";
import { type Checkpoint, openCheckpoint } from "../../proof/checkpoint.js";
import { Edge } from "../../proof/merkle.js";
import { RecordCheck, type VerifyRow } from "./check-record.js";
import { guarded, inSnapshot, type Sqlite } from "./database.js";
import { Findings } from "./findings.js";
import { pages } from "./pages.js";

/**
 * Reckons the whole ledger anew from its records' bytes and names what does not fit. Without a checkpoint that somebody
 * else holds, only damage and careless changes are found: who has the files and the key can make a ledger that fits.
 */
export async function verify(db: Sqlite, ownKey: string, options: VerifyOptions): Promise<VerifyReport> {
  const findings = new Findings();
  const pinned =
    options.pinned === undefined
      ? null
      : openCheckpoint(options.pinned.checkpoint, options.pinned.verifierKey ?? ownKey);
  const state = guarded(() => snapshot(db, findings));
  const marks = [...state.checkpoints, ...(pinned === null ? [] : [pinned])].sort((a, b) => a.size - b.size);
  const rewritten = new Rewritten(findings);
  const edge = new Edge();
  const settle = () => {
    for (let mark = marks[0]; mark !== undefined && mark.size === edge.size; mark = marks[0]) {
      rewritten.at(mark, edge);
      marks.shift();
    }
  };
  settle();
  const append = (leaf: Buffer) => {
    edge.append(leaf);
    if (marks[0]?.size === edge.size) settle();
  };
  if (options.full === false) {
    const sql = "SELECT hash FROM leaves WHERE sequence > ? AND sequence <= ? ORDER BY sequence";
    for await (const rows of pages<[Buffer]>(db, sql, 0, state.last)) for (const [leaf] of rows) append(leaf);
  } else {
    const check = new RecordCheck(findings);
    const sql = `SELECT sequence, stream, version, key, record, hash FROM events LEFT JOIN leaves USING (sequence)
      WHERE sequence > ?1 AND sequence <= ?2
      UNION ALL SELECT sequence, NULL, NULL, NULL, NULL, hash FROM leaves
      WHERE sequence > ?1 AND sequence <= ?2 AND sequence NOT IN (SELECT sequence FROM events)
      ORDER BY sequence`;
    let sequence = 0;
    for await (const rows of pages<VerifyRow>(db, sql, 0, state.last)) {
      for (const row of rows) {
        for (sequence += 1; sequence < row[0]; sequence += 1) append(check.check(sequence, undefined));
        append(check.check(sequence, row));
      }
    }
    for (const [stream, version] of check.versions) {
      const known = state.streams.get(stream) ?? 0;
      if (known < version && state.last === state.size) {
        findings.add("inconsistent", state.last, `${stream} ends at ${version}, the index says ${known}.`);
      }
    }
  }
  ends(findings, state, edge, pinned);
  const root = edge.root().toString("base64");
  const { problems, count } = findings;
  return { sound: count === 0, size: state.last, root, problems, problemCount: count };
}

interface State {
  readonly size: number;
  readonly headRoot: Buffer | null;
  /** The last record that is there. */
  readonly last: number;
  readonly lastLeaf: number;
  readonly streams: ReadonlyMap<string, number>;
  readonly checkpoints: readonly Checkpoint[];
}

/** What the ledger says about itself, at one moment. */
function snapshot(db: Sqlite, findings: Findings): State {
  return inSnapshot(db, () => {
    const one = <Row>(sql: string) => db.prepare(sql).raw().get([]) as Row;
    const many = <Row>(sql: string) => db.prepare(sql).raw().all([]) as Row[];
    const [size, bytes] = one<[number, Buffer]>("SELECT size, edge FROM head");
    const keys = many<[string]>("SELECT substr(name, 5) FROM meta WHERE name LIKE 'key %'").map(([key]) => key);
    return {
      size,
      headRoot: Edge.from(size, bytes)?.root() ?? null,
      last: one<[number | null]>("SELECT max(sequence) FROM events")[0] ?? 0,
      lastLeaf: one<[number | null]>("SELECT max(sequence) FROM leaves")[0] ?? 0,
      streams: new Map(many<[string, number]>("SELECT stream, version FROM streams")),
      checkpoints: many<[number, string]>("SELECT size, note FROM checkpoints ORDER BY size").flatMap(([at, note]) =>
        ownCheckpoint(at, note, keys, findings),
      ),
    };
  });
}

/** A checkpoint that the ledger signed on its way; a forged one is a finding. */
function ownCheckpoint(size: number, note: string, keys: readonly string[], findings: Findings): Checkpoint[] {
  const key = keys.find((each) => note.startsWith(`${each.split("+")[0]}\n`)) ?? "";
  try {
    const checkpoint = openCheckpoint(note, key);
    if (checkpoint.size === size) return [checkpoint];
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error;
  }
  findings.add("inconsistent", size, `The checkpoint that the ledger keeps for ${size} records is not one of its own.`);
  return [];
}

/** Between the last checkpoint that fits and the first that does not lies what was rewritten. */
class Rewritten {
  readonly #findings: Findings;
  #fits = 0;
  #found = false;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  at(mark: Checkpoint, edge: Edge): void {
    if (mark.root.equals(edge.root())) {
      if (!this.#found) this.#fits = mark.size;
    } else if (!this.#found) {
      this.#found = true;
      const message = `A record from ${this.#fits + 1} to ${mark.size} is not the one that was signed for.`;
      this.#findings.add("rewritten", this.#fits + 1, message, null, mark.size);
    }
  }
}

function ends(findings: Findings, state: State, edge: Edge, pinned: Checkpoint | null): void {
  const known = Math.max(state.size, state.lastLeaf);
  if (state.last < known) {
    const message = `The ledger was truncated: records ${state.last + 1} to ${known} are missing.`;
    findings.add("truncated", state.last + 1, message, null, known);
  } else if (state.last > state.size) {
    findings.add("inconsistent", state.size + 1, `The head does not know records ${state.size + 1} to ${state.last}.`);
  } else if (state.headRoot === null || !state.headRoot.equals(edge.root())) {
    findings.add("inconsistent", state.size, "The head is not that of these records.");
  }
  if (pinned !== null && pinned.size > state.last) {
    const message = `The checkpoint knows ${pinned.size} records, this ledger has ${state.last}: it was cut, or it is an older copy.`;
    findings.add("older-copy", state.last + 1, message, null, pinned.size);
  }
}

import type { EventRecord } from "../../core/model/event.js";
import { leafHash } from "../../proof/merkle.js";
import type { Findings } from "./findings.js";

/** sequence, stream, version, key, record, leaf hash; of the last two one may be missing. */
export type VerifyRow = readonly [number, string | null, number | null, string | null, string | null, Buffer | null];

/** Checks one place of the ledger against its row and returns the leaf that the tree has there. */
export class RecordCheck {
  readonly #findings: Findings;
  readonly versions = new Map<string, number>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  check(sequence: number, row: VerifyRow | undefined): Buffer {
    const text = row?.[4] ?? null;
    const leaf = row?.[5] ?? null;
    if (row === undefined || text === null) {
      this.#findings.add("removed", sequence, `Record ${sequence} was removed.`);
      return leaf ?? Buffer.alloc(32);
    }
    const hash = leafHash(text);
    const record = parse(text);
    if (leaf === null) {
      this.#findings.add("inconsistent", sequence, `Record ${sequence} has no leaf hash.`, nameOf(record));
    }
    if (record !== null && record.sequence !== sequence) {
      this.#findings.add(
        "reordered",
        sequence,
        `In the place of record ${sequence} stands record ${record.sequence} (${nameOf(record)}).`,
        nameOf(record),
      );
    } else if (record === null || (leaf !== null && !leaf.equals(hash))) {
      // The row's own index still names a record whose bytes cannot be read.
      const name = record === null ? `${row[1]}@${row[2]}` : nameOf(record);
      this.#findings.add("edited", sequence, `Record ${sequence} (${name}) was edited.`, name);
    } else {
      this.#place(sequence, row, record);
      return leaf ?? hash;
    }
    // Damage is named once: the next record of the stream is measured by the index.
    if (row[1] !== null && row[2] !== null) this.versions.set(row[1], row[2]);
    return leaf ?? hash;
  }

  /** That the index leads to this record, and that its stream has no gap. */
  #place(sequence: number, row: VerifyRow, record: EventRecord): void {
    const name = nameOf(record);
    if (row[1] !== record.stream || row[2] !== record.version || row[3] !== record.key) {
      this.#findings.add("inconsistent", sequence, `The index of record ${sequence} (${name}) says otherwise.`, name);
    }
    const next = (this.versions.get(record.stream) ?? 0) + 1;
    if (record.version !== next) {
      const message = `Record ${sequence} is ${name}, yet ${record.stream} was at version ${next - 1}.`;
      this.#findings.add("inconsistent", sequence, message, name);
    }
    this.versions.set(record.stream, record.version);
  }
}

function nameOf(record: EventRecord | null): string | null {
  return record === null ? null : `${record.stream}@${record.version}`;
}

function parse(text: string): EventRecord | null {
  try {
    return JSON.parse(text) as EventRecord;
  } catch (error) {
    // Not JSON any more: a finding, and the caller's to report.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

import type { EventRecord, NewEvent } from "../core/model/event.js";
import { WindlassError } from "../error.js";
import { canonicalJson } from "../spec/canonical-json.js";

/** One event may not be larger than this, in bytes of its canonical form. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** An event that waits for its place; `at(sequence, version)` gives the canonical bytes of its record. */
export interface PreparedRecord {
  readonly key: string | null;
  at(sequence: number, version: number): string;
}

/** Serialises all but the place, so that what is invalid is refused before a transaction begins. */
export function prepareRecord(stream: string, event: NewEvent): PreparedRecord {
  const { at, by, data = null, key, type, wall } = event;
  // The members in the order of canonical JSON: at by data key sequence stream type version wall.
  const head = `${canonical({ at, by, data, key }).slice(0, -1)},"sequence":`;
  const middle = `,${canonical({ stream, type }).slice(1, -1)},"version":`;
  const tail = `,${canonical({ wall }).slice(1)}`;
  const bytes = Buffer.byteLength(head) + Buffer.byteLength(middle) + tail.length + 40;
  if (bytes > MAX_RECORD_BYTES) {
    throw new WindlassError("ledger-event-too-large", `The event ${type} has ${bytes} bytes.`, {
      hint: `An event may have ${MAX_RECORD_BYTES} bytes; store what is larger as an artefact and record its digest.`,
    });
  }
  return { key, at: (sequence, version) => `${head}${sequence}${middle}${version}${tail}` };
}

/** The canonical bytes of a record: what the Merkle tree hashes, what an export line is. */
export function encodeRecord(record: EventRecord): string {
  return prepareRecord(record.stream, record).at(record.sequence, record.version);
}

/** Reads what {@link PreparedRecord.at} wrote; anything else is `ledger-corrupt`. */
export function decodeRecord(text: string, sequence: number): EventRecord {
  try {
    return JSON.parse(text) as EventRecord;
  } catch (cause) {
    throw new WindlassError("ledger-corrupt", `Record ${sequence} of the ledger is not JSON.`, {
      cause,
      facts: { sequence },
      hint: "Run `windlass ledger verify` for a list of what is damaged, and restore the last backup.",
    });
  }
}

function canonical(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WindlassError("ledger-event-invalid", `An event is not plain JSON: ${reason}`, { cause });
  }
}

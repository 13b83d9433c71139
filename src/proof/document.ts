import type { EventRecord } from "../core/model/event.js";
import { WindlassError } from "../error.js";
import { type Checkpoint, openCheckpoint } from "./checkpoint.js";
import { leafHash } from "./merkle.js";
import { isConsistent, isIncluded } from "./path.js";

/** That a record is in the ledger of a checkpoint. Whoever has the verifier key can check it, offline. */
export interface RecordProof {
  readonly format: "windlass-record-proof@1";
  /** The record's canonical bytes. */
  readonly record: string;
  /** From 1. */
  readonly sequence: number;
  /** The audit path, base64, from the leaf upwards. */
  readonly path: readonly string[];
  readonly checkpoint: string;
}

/** That a later ledger begins with the earlier one, record by record. */
export interface GrowthProof {
  readonly format: "windlass-growth-proof@1";
  readonly from: string;
  readonly to: string;
  readonly path: readonly string[];
}

/** The proved record and the checkpoint it is proved against; else `proof-invalid` or `proof-signature`. */
export function checkProof(proof: RecordProof, verifierKey: string): { record: EventRecord; checkpoint: Checkpoint } {
  if (proof.format !== "windlass-record-proof@1") throw invalid("It has a format that this Windlass does not know.");
  const checkpoint = openCheckpoint(proof.checkpoint, verifierKey);
  const path = proof.path.map((each) => Buffer.from(each, "base64"));
  if (!isIncluded(leafHash(proof.record), proof.sequence - 1, checkpoint.size, path, checkpoint.root)) {
    throw invalid(`The record is not number ${proof.sequence} of the ledger of the checkpoint.`);
  }
  const record = JSON.parse(proof.record) as EventRecord;
  if (record.sequence !== proof.sequence) throw invalid("The record says that it has another place.");
  return { record, checkpoint };
}

/** Both checkpoints, once it is sure that the later ledger is the earlier one continued; else `proof-invalid`. */
export function checkGrowth(proof: GrowthProof, verifierKey: string): { from: Checkpoint; to: Checkpoint } {
  if (proof.format !== "windlass-growth-proof@1") throw invalid("It has a format that this Windlass does not know.");
  const from = openCheckpoint(proof.from, verifierKey);
  const to = openCheckpoint(proof.to, verifierKey);
  const path = proof.path.map((each) => Buffer.from(each, "base64"));
  if (!isConsistent(from.size, from.root, to.size, to.root, path)) {
    throw invalid(`The ledger of ${to.size} records does not begin with that of ${from.size} records.`);
  }
  return { from, to };
}

function invalid(message: string): WindlassError {
  return new WindlassError("proof-invalid", `The proof does not hold. ${message}`);
}

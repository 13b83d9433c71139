import { WindlassError } from "../error.js";
import { openNote, type Signer, signNote } from "./note.js";

/** A signed tree head (c2sp.org/tlog-checkpoint): the ledger `origin` had `size` records with this root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** The origin is the signer's name. */
export function signCheckpoint(size: number, root: Buffer, signer: Signer): string {
  return signNote(`${signer.name}\n${size}\n${root.toString("base64")}\n`, signer);
}

/** Rejects with `proof-signature` unless the key's owner signed it. */
export function openCheckpoint(note: string, verifierKey: string): Checkpoint {
  const text = openNote(note, verifierKey);
  // Lines after the third are extensions.
  const [, origin = "", size = "", root = ""] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n/.exec(text) ?? [];
  if (origin === "" || origin !== verifierKey.split("+")[0]) {
    throw new WindlassError("proof-signature", "The signed text is not a checkpoint of this ledger.");
  }
  return { origin, size: Number(size), root: Buffer.from(root, "base64") };
}

import type { Readable } from "node:stream";

/** Bytes by digest (`sha256:<hex>`). What does not have the digest it claims is never stored (`artefact-mismatch`). */
export interface ArtefactStore {
  /** Reads all of `bytes`, also when it is stored already. Durable once it resolves. */
  put(digest: string, bytes: Readable): Promise<void>;
  has(digest: string): Promise<boolean>;
  /** Rejects with `artefact-missing`. */
  open(digest: string): Promise<Readable>;
  list(): Promise<readonly StoredArtefact[]>;
  /** What is not there is removed already. */
  remove(digest: string): Promise<void>;
}

export interface StoredArtefact {
  readonly digest: string;
  readonly bytes: number;
  /** Wall clock, milliseconds since 1970. */
  readonly storedAt: number;
}

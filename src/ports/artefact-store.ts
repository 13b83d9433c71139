import type { Readable } from "node:stream";

/** Bytes by digest (`sha256:<hex>`). What does not have the digest it claims is never stored (`artefact-mismatch`). */
export interface ArtefactStore {
  put(digest: string, bytes: Readable): Promise<void>;
  has(digest: string): Promise<boolean>;
  open(digest: string): Promise<Readable>;
  list(): Promise<readonly { readonly digest: string; readonly bytes: number }[]>;
  remove(digest: string): Promise<void>;
}

import type { GrowthProof, RecordProof } from "../proof/document.js";

export type ProblemKind =
  /** The record's bytes are not those that were recorded. */
  | "edited"
  /** Another record stands in its place. */
  | "reordered"
  | "removed"
  /** The last records are missing. */
  | "truncated"
  /** The ledger ends before a checkpoint that somebody holds. */
  | "older-copy"
  /** All fits together, and is not what a checkpoint was signed for. */
  | "rewritten"
  /** What the ledger says about itself (leaf hashes, head, index) does not fit its records. */
  | "inconsistent";

export interface LedgerProblem {
  readonly kind: ProblemKind;
  /** The record, or the first of several. */
  readonly sequence: number;
  /** The last of several; else the same. */
  readonly to: number;
  /** `<stream>@<version>` where it can be told. */
  readonly record: string | null;
  /** One sentence for a person. */
  readonly message: string;
}

export interface VerifyOptions {
  /** A checkpoint that somebody kept, and the verifier key that it was signed with (this ledger's, by default). */
  readonly pinned?: { readonly checkpoint: string; readonly verifierKey?: string };
  /** False: only the leaf hashes are reckoned with, not the records' bytes. */
  readonly full?: boolean;
}

export interface VerifyReport {
  readonly sound: boolean;
  readonly size: number;
  /** Of the records as they are now, base64. */
  readonly root: string;
  /** At most 100; `problemCount` counts all. */
  readonly problems: readonly LedgerProblem[];
  readonly problemCount: number;
}

/** What `windlass ledger verify | prove | export | backup` do. Each works while the ledger is written to. */
export interface LedgerAudit {
  /** `name+hash+base64` (c2sp.org/signed-note). */
  readonly verifierKey: string;
  /** The signed head of what is durable now (c2sp.org/tlog-checkpoint). */
  checkpoint(): Promise<string>;
  /** Damage is a finding, not an error; a pinned checkpoint that is not signed as it says is `proof-signature`. */
  verify(options?: VerifyOptions): Promise<VerifyReport>;
  /** Rejects with `ledger-no-record`. Checked with `checkProof`. */
  prove(record: number | { readonly stream: string; readonly version: number }): Promise<RecordProof>;
  /** That the ledger of an earlier checkpoint is the beginning of this one. Checked with `checkGrowth`. */
  proveGrowth(from: string): Promise<GrowthProof>;
  /** One record per line, without line feed, as it was when the checkpoint was signed. Checked with `checkExport`. */
  export(): Promise<{ readonly checkpoint: string; readonly lines: AsyncIterable<string> }>;
  /** A whole ledger in a new directory, without the private key. Rejects with `ledger-backup-exists`. */
  backup(directory: string): Promise<{ readonly checkpoint: string }>;
}

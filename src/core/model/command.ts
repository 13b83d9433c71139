import type { CompiledEnvironment } from "../../spec/compiled.js";
import type { RevisionId } from "./intent.js";
import type { Release } from "./revision.js";

/** What a person or a program asks of one environment. */
export type Command =
  | {
      readonly kind: "deploy";
      readonly release: Release;
      readonly environment: CompiledEnvironment;
      readonly reason: string | null;
      /** Skip the stages; replicas still have to be ready. */
      readonly fast: boolean;
    }
  | { readonly kind: "rollback"; readonly to: RevisionId | null; readonly reason: string | null }
  | { readonly kind: "advance"; readonly full: boolean }
  | { readonly kind: "pause"; readonly reason: string | null }
  | { readonly kind: "resume" }
  | { readonly kind: "abort"; readonly reason: string | null }
  | { readonly kind: "hold"; readonly revision: RevisionId | null; readonly reason: string }
  | { readonly kind: "unhold"; readonly revision: RevisionId | null; readonly reason: string | null }
  | { readonly kind: "scale"; readonly service: string; readonly replicas: number }
  | { readonly kind: "down"; readonly reason: string | null };

export interface CommandEnvelope {
  readonly command: Command;
  /** Idempotency key: the same key again answers as before and does nothing. */
  readonly key: string;
  /** The version of the environment that the sender saw; null: it did not look. */
  readonly expected: number | null;
  readonly by: string;
}

/** An expected outcome, not an exception: what was asked cannot be done now, and what would change that. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retry: "never" | "safe" | "after-refresh";
}

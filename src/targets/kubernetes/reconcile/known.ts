import type { OwnedSeen } from "../seen/owned.js";

/** What was sent last of one object, and what the server made of it. */
export interface Known {
  /** Of the object as it was sent. */
  readonly digest: string;
  /** As the server answered. */
  readonly shape: string;
  readonly at: number;
  /** The local copy has caught up with it once; until then a difference is only lateness. */
  readonly seen: boolean;
}

/** How long the local copy may lag behind an answer before a difference counts. */
export const LAG_MS = 10_000;

export type Standing =
  | { readonly kind: "settled"; readonly known: Known }
  /** Something new is wanted, or nothing is known of what is there. */
  | { readonly kind: "new" }
  | { readonly kind: "changed-by-others" }
  | { readonly kind: "gone" };

/** Whether an object has to be sent again, and why. */
export function standingOf(
  known: Known | undefined,
  digest: string,
  live: OwnedSeen | undefined,
  now: number,
): Standing {
  if (known === undefined || known.digest !== digest) return { kind: "new" };
  if ((live?.shape ?? "") === known.shape && live?.deleting !== true)
    return { kind: "settled", known: { ...known, seen: true } };
  if (!known.seen && now - known.at < LAG_MS) return { kind: "settled", known };
  return live === undefined || live.deleting ? { kind: "gone" } : { kind: "changed-by-others" };
}

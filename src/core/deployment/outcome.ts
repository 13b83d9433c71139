import type { Refusal } from "../model/command.js";
import type { DeploymentId, DomainEvent } from "../model/events.js";
import type { EnvironmentState } from "../model/state.js";

/** What a command comes to: facts to append, or an expected refusal. */
export type CommandOutcome =
  | {
      readonly kind: "accepted";
      readonly events: readonly DomainEvent[];
      /** The deployment that it is about, to follow; null: none. */
      readonly deployment: DeploymentId | null;
      /** One sentence on what will happen. */
      readonly note: string;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export function accepted(
  events: readonly DomainEvent[],
  note: string,
  deployment: DeploymentId | null = null,
): CommandOutcome {
  return { kind: "accepted", events, deployment, note };
}

export function refused(
  code: string,
  message: string,
  hint: string,
  retry: Refusal["retry"] = "never",
): CommandOutcome {
  return { kind: "refused", refusal: { code, message, hint, retry } };
}

export function unknownRevision(state: EnvironmentState, asked: string | null): CommandOutcome {
  const known = Object.keys(state.revisions).slice(-5);
  return refused(
    "unknown-revision",
    asked === null ? "nothing ran well here yet" : `no revision ${asked}`,
    known.length === 0 ? "`windlass deploy` makes the first one" : `the last ones: ${known.join(", ")}`,
  );
}

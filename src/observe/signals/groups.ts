import type { ProbeSubject } from "../../ports/signal-provider.js";

export type Side = "stable" | "canary";
export const SIDES = ["stable", "canary"] as const;

/** The groups that are asked about; stable only where there is one. */
export function sidesOf(subject: Pick<ProbeSubject, "stable" | "canary">): readonly { side: Side; group: string }[] {
  const canary = { side: "canary", group: subject.canary } as const;
  return subject.stable === null ? [canary] : [{ side: "stable", group: subject.stable }, canary];
}

/** The replica of sources that do not tell replicas apart. */
export const WHOLE_GROUP = "all";

import type { EventRecord } from "../../core/model/event.js";
import type { DeploymentOutcome, DomainEvent } from "../../core/model/events.js";
import type { Style } from "./style.js";
import { align, duration, printable } from "./text.js";
import { person } from "./view-lines.js";

/** A deployment as the ledger tells it. */
export interface PastDeployment {
  readonly id: string;
  readonly kind: "deploy" | "rollback";
  readonly revision: string;
  readonly label: string;
  readonly by: string;
  readonly reason: string | null;
  /** ISO 8601. */
  readonly askedAt: string;
  readonly tookMs: number | null;
  readonly outcome: DeploymentOutcome | null;
  readonly cause: string | null;
}

export function deploymentsIn(events: readonly EventRecord[]): readonly PastDeployment[] {
  const labels = new Map<string, string>();
  const found = new Map<string, PastDeployment & { readonly at: number }>();
  for (const event of events) {
    const fact = { type: event.type, data: event.data } as DomainEvent;
    if (fact.type === "revision.registered@1") labels.set(fact.data.revision.id, fact.data.revision.release.label);
    if (fact.type === "deployment.requested@1") {
      const { deployment: id, to, kind, reason } = fact.data;
      const about = { id, kind, revision: to, label: labels.get(to) ?? to, by: event.by, reason };
      found.set(id, { ...about, askedAt: event.wall, at: event.at, tookMs: null, outcome: null, cause: null });
    }
    if (fact.type === "deployment.superseded@1") end(found, fact.data.deployment, event.at, "superseded", null);
    if (fact.type === "deployment.finished@1")
      end(found, fact.data.deployment, event.at, fact.data.outcome, fact.data.cause?.sentence ?? null);
  }
  return [...found.values()].map(({ at: _, ...deployment }) => deployment);
}

function end(
  found: Map<string, PastDeployment & { readonly at: number }>,
  id: string,
  at: number,
  outcome: DeploymentOutcome,
  cause: string | null,
): void {
  const deployment = found.get(id);
  if (deployment !== undefined) found.set(id, { ...deployment, tookMs: at - deployment.at, outcome, cause });
}

const WORDS: Readonly<Record<DeploymentOutcome, string>> = {
  succeeded: "done",
  "rolled-back": "hauled back",
  failed: "failed",
  superseded: "superseded",
};

/** The newest first. */
export function historyLines(deployments: readonly PastDeployment[], style: Style): readonly string[] {
  if (deployments.length === 0) return ["No deployment yet."];
  const rows = [...deployments].reverse().map((one) => {
    const paint = one.outcome === null ? style.yellow : one.outcome === "succeeded" ? style.green : style.red;
    const why = [one.reason, one.cause].filter((text) => text !== null).map(printable);
    return [
      one.id,
      `${one.askedAt.slice(0, 16).replace("T", " ")}Z`,
      paint(
        one.outcome === null
          ? "in progress"
          : one.outcome === "succeeded" && one.kind === "rollback"
            ? "rolled back"
            : WORDS[one.outcome],
      ),
      `${one.label} (${one.revision})`,
      one.tookMs === null ? "" : duration(one.tookMs),
      person(one.by),
      style.dim(why.join("; ")),
    ];
  });
  return align(rows);
}

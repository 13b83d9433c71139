import type { Cause } from "../core/model/cause.js";
import type { DeploymentOutcome, DomainEvent } from "../core/model/events.js";

/** One rollout as the ledger tells it. Times are engine milliseconds. */
export interface PastRollout {
  readonly deployment: string;
  readonly service: string;
  /** Null: a first release; there was nothing to compare with. */
  readonly stable: string | null;
  readonly canary: string;
  /** Since which the new group got requests, and until which; the last is the end, or when it turned back. */
  readonly since: number;
  readonly until: number;
  readonly stages: readonly { readonly share: number; readonly at: number }[];
  readonly turned: { readonly at: number; readonly cause: Cause } | null;
  readonly outcome: DeploymentOutcome | null;
}

/** Null: there is no such deployment, it did not roll this service out, or no request reached it. `now` ends an open one. */
export function pastRollout(
  events: Iterable<{ readonly at: number; readonly event: DomainEvent }>,
  deployment: string,
  service: string,
  now: number,
): PastRollout | null {
  let groups: { readonly stable: string | null; readonly canary: string } | null = null;
  let since: number | null = null;
  let turned: PastRollout["turned"] = null;
  let finished: { readonly at: number; readonly outcome: DeploymentOutcome } | null = null;
  const stages: { readonly share: number; readonly at: number }[] = [];
  for (const { at, event } of events) {
    if (!("deployment" in event.data) || event.data.deployment !== deployment) continue;
    if (event.type === "deployment.started@1") {
      const step = event.data.steps.find((one) => one.service === service && one.action === "roll-out");
      if (step !== undefined && step.to !== null) groups = { stable: step.from, canary: step.to };
    }
    if (event.type === "deployment.turned@1") turned ??= { at, cause: event.data.cause };
    if (event.type === "deployment.finished@1") finished = { at, outcome: event.data.outcome };
    if (!("service" in event.data) || event.data.service !== service || groups === null) continue;
    if (event.type === "rollout.shaped@1" && (event.data.weights[groups.canary] ?? 0) > 0) since ??= at;
    if (event.type === "stage.entered@1") stages.push({ share: event.data.share, at });
  }
  if (groups === null || since === null) return null;
  const until = turned?.at ?? finished?.at ?? now;
  return { deployment, service, ...groups, since, until, stages, turned, outcome: finished?.outcome ?? null };
}

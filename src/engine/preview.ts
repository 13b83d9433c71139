import { rollback } from "../core/deployment/go.js";
import { deploymentSteps } from "../core/deployment/steps.js";
import type { EnvironmentState } from "../core/model/state.js";
import { WindlassError } from "../error.js";
import type { RevisionName, RollbackPreview } from "./view.js";

/** What `rollback` would do now. Rejects with the refusal when it would be refused. */
export function previewRollback(state: EnvironmentState, to: string | null): RollbackPreview {
  const outcome = rollback(state, { kind: "rollback", to, reason: null });
  if (outcome.kind === "refused")
    throw new WindlassError(outcome.refusal.code, outcome.refusal.message, { hint: outcome.refusal.hint });
  const request = outcome.events.find((event) => event.type === "deployment.requested@1");
  const current = state.settled.at(-1) ?? null;
  const target = request?.data.to ?? to ?? current;
  if (target === null) throw new WindlassError("nothing-before", "nothing ran here before", { hint: "deploy first" });
  const fast = request?.data.fast ?? true;
  // A canary in progress has not settled, and is what a person wants to leave.
  const active = state.deployment?.outcome === null && state.deployment.cause === null ? state.deployment.to : null;
  const services = deploymentSteps(state, target, fast).map((step) => ({
    service: step.service,
    change:
      step.action === "keep" && active !== null && state.services[step.service]?.rollout != null
        ? changeOf("roll-out", active, target)
        : changeOf(step.action, step.from, step.to),
  }));
  const from = active ?? current;
  return {
    from: from === null ? null : name(state, from),
    to: name(state, target),
    withoutStages: fast,
    services,
    notReverted: notReverted(state, target),
  };
}

function changeOf(action: "roll-out" | "keep" | "remove", from: string | null, to: string | null): string {
  if (action === "keep") return "stays as it is";
  if (action === "remove") return "is removed";
  return from === null ? `is started as ${to}` : `goes from ${from} to ${to}`;
}

function notReverted(state: EnvironmentState, target: string): readonly string[] {
  const sentences: string[] = [];
  for (const resource of Object.values(state.revisions[target]?.environment.resources ?? {}))
    sentences.push(`data in ${resource.kind} ${resource.name}: what was written since stays, schema changes too`);
  for (const [service, replicas] of Object.entries(state.scale))
    sentences.push(`${service} keeps the ${replicas} replicas of \`windlass scale\``);
  sentences.push("secret values: the current ones are used");
  sentences.push("what services sent to others: messages, mails, calls");
  return sentences;
}

function name(state: EnvironmentState, id: string): RevisionName {
  return { id, label: state.revisions[id]?.release.label ?? id };
}

import type { Cause } from "../model/cause.js";
import type { DeploymentOutcome, DomainEvent } from "../model/events.js";
import type { DeploymentState, EnvironmentState } from "../model/state.js";
import { startTrouble } from "../rollout/readiness.js";
import { scaledTo } from "./autoscaling.js";
import { stepReturn } from "./back.js";
import { stepRollout, turnBack } from "./forward.js";
import { type DecideInput, type RolloutView, viewRollout } from "./input.js";
import { deploymentSteps } from "./steps.js";
import { type Waiting, waitingFor } from "./waiting.js";

export interface Decision {
  /** Facts to append, in order; empty: nothing to decide. */
  readonly events: readonly DomainEvent[];
  /** Engine time at which to decide again even if nothing is observed; null: no time is awaited. */
  readonly wakeAt: number | null;
  readonly waiting: Waiting | null;
}

/**
 * The decision of the engine for one environment: pure, one step at a time. Call it again with the evolved state
 * until it has no events. Deciding on an observation that the last intent has not reached changes nothing that
 * needs it (rule 10).
 */
export function decide(state: EnvironmentState, input: DecideInput): Decision {
  const { deployment } = state;
  if (deployment === null || deployment.outcome !== null) return idle(state, input);
  return deployment.cause === null ? goForward(state, deployment, input) : goBack(state, deployment, input);
}

function idle(state: EnvironmentState, input: DecideInput): Decision {
  if (state.next !== null) {
    const { id, to, fast } = state.next;
    const from = state.settled.at(-1) ?? null;
    const steps = deploymentSteps(state, to, fast);
    return events([{ type: "deployment.started@1", data: { deployment: id, from, to, steps } }]);
  }
  const expired: DomainEvent[] = [];
  let wakeAt: number | null = null;
  for (const [service, current] of Object.entries(state.services)) {
    for (const [group, { removeAt }] of Object.entries(current.groups)) {
      if (removeAt === null) continue;
      if (removeAt <= input.now)
        expired.push({
          type: "group.removed@1",
          data: { service, group, because: "it is no longer kept as the way back" },
        });
      else wakeAt = Math.min(wakeAt ?? removeAt, removeAt);
    }
  }
  return { events: expired, wakeAt, waiting: null };
}

function goForward(state: EnvironmentState, deployment: DeploymentState, input: DecideInput): Decision {
  for (const step of deployment.steps) {
    if (step.action !== "roll-out") continue;
    const view = viewRollout(state, step.service, input);
    if (view === null) {
      const scaled = scaledTo(state, step.service, step.from, input.observation);
      const about = { deployment: deployment.id, service: step.service };
      return events([{ type: "rollout.started@1", data: scaled === null ? about : { ...about, scaled } }]);
    }
    if (view.rollout.phase === "arrived") {
      const harm = harmOfArrived(view, input);
      if (harm !== null) return events(turnBack(deployment, harm).events);
      continue;
    }
    const next = stepRollout(deployment, view, input);
    return "events" in next ? events(next.events) : waiting(next.waiting);
  }
  return events([
    { type: "deployment.finished@1", data: { deployment: deployment.id, outcome: "succeeded", cause: null } },
    ...holdLeft(state, deployment),
  ]);
}

/** A service that arrived is still watched while the others follow: all go back when one fails. */
function harmOfArrived(view: RolloutView, input: DecideInput): Cause | null {
  const service = view.name;
  const judgement = input.judgements[service];
  if (judgement?.verdict === "fail")
    return { kind: "verdict", service, sentence: judgement.sentence, exit: null, judgement };
  const group = input.observation?.services[service]?.groups[view.rollout.to];
  const trouble = view.fresh ? startTrouble(group) : null;
  return trouble === null
    ? null
    : { kind: "crash", service, sentence: trouble.sentence, exit: trouble.exit, judgement: null };
}

function goBack(state: EnvironmentState, deployment: DeploymentState, input: DecideInput): Decision {
  let clean = true;
  for (const step of [...deployment.steps].reverse()) {
    const view = viewRollout(state, step.service, input);
    if (view === null) continue;
    if (view.rollout.phase === "returned") {
      clean &&= view.rollout.clean;
      continue;
    }
    const next = stepReturn(deployment, view, input);
    return "events" in next ? events(next.events) : waiting(next.waiting);
  }
  const cause = deployment.cause;
  const finished = { deployment: deployment.id, outcome: outcomeOfWayBack(state, deployment, clean), cause };
  return events([{ type: "deployment.finished@1", data: finished }, ...holdFailed(state, deployment)]);
}

function outcomeOfWayBack(state: EnvironmentState, deployment: DeploymentState, clean: boolean): DeploymentOutcome {
  if (deployment.cause?.kind === "superseded") return "superseded";
  if (!clean || state.settled.length === 0) return "failed";
  return "rolled-back";
}

/** Abort is not revert: the revision is held, so that no automation brings it back (rules 3 and 16). */
function holdFailed(state: EnvironmentState, deployment: DeploymentState): readonly DomainEvent[] {
  const cause = deployment.cause;
  if (cause === null || cause.kind === "superseded" || cause.kind === "stopped") return [];
  if (state.holds[deployment.to] !== undefined || state.settled.includes(deployment.to)) return [];
  return [{ type: "hold.placed@1", data: { revision: deployment.to, reason: cause.sentence } }];
}

/** Who rolls back says that the revision left behind should not come back by itself. */
function holdLeft(state: EnvironmentState, deployment: DeploymentState): readonly DomainEvent[] {
  if (deployment.kind !== "rollback" || deployment.from === null || deployment.from === deployment.to) return [];
  if (state.holds[deployment.from] !== undefined) return [];
  const reason = `rolled back to ${deployment.to}${deployment.reason === null ? "" : `: ${deployment.reason}`}`;
  return [{ type: "hold.placed@1", data: { revision: deployment.from, reason } }];
}

function events(list: readonly DomainEvent[]): Decision {
  return { events: list, wakeAt: null, waiting: null };
}

function waiting(reason: Waiting): Decision {
  return { events: [], wakeAt: reason.until, waiting: reason };
}

/** What an environment that does nothing has to say: what runs, and why the last attempt does not. */
export function restingSentence(state: EnvironmentState): Waiting {
  const current = state.settled.at(-1);
  const label = (id: string): string => `${state.revisions[id]?.release.label ?? id} (${id})`;
  const runs = current === undefined ? "nothing runs here" : `${label(current)} runs`;
  const last = state.deployment;
  if (last !== null && last.cause !== null && (last.outcome === "rolled-back" || last.outcome === "failed")) {
    const service = last.cause.service === null ? "" : `${last.cause.service}: `;
    const sentence = `nothing: ${runs}; ${last.id} to ${label(last.to)} ${last.outcome === "failed" ? "failed" : "was hauled back"} (${service}${last.cause.sentence})`;
    const held = state.holds[last.to] !== undefined;
    return waitingFor(
      sentence,
      held ? `deploy a fix; ${last.to} is held until \`windlass unhold\`` : "`windlass deploy`",
    );
  }
  if (current === undefined) return waitingFor("nothing runs here", "`windlass deploy`");
  return waitingFor(`nothing: ${runs} and no deployment is in progress`, "`windlass deploy`");
}

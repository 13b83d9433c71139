import type { Cause } from "../model/cause.js";
import type { DomainEvent } from "../model/events.js";
import type { DeploymentState } from "../model/state.js";
import { type ProgressionStep, stepProgression } from "../progression/step.js";
import { startTrouble } from "../rollout/readiness.js";
import { hasArrived, type Shape, stepForward } from "../rollout/shape.js";
import type { DecideInput, RolloutView } from "./input.js";
import { type Waiting, waitingFor } from "./waiting.js";

/** One step of one rollout: events, or what it waits for. */
export type Step = { readonly events: readonly DomainEvent[] } | { readonly waiting: Waiting };

/** The next step of a rollout on its way to the new group. */
export function stepRollout(deployment: DeploymentState, view: RolloutView, input: DecideInput): Step {
  const trouble = groupTrouble(view, input);
  if (trouble !== null) return turnBack(deployment, trouble);
  const smoke = stepSmoke(deployment, view, input);
  if (smoke !== null) return smoke;

  const judgement = input.judgements[view.name] ?? null;
  const { progression } = view.rollout;
  const share = progression.stages[progression.stage]?.share ?? 0;
  const step = stepProgression(progression, {
    now: input.now,
    inForce: progression.stage >= 0 && view.fresh && hasArrived(view.shape, share),
    judgement,
    paused: deployment.paused !== null,
    // Freezes and windows never keep anybody from going back (rule 15).
    gates: deployment.kind === "rollback" ? [] : input.gates,
    onTooLittleData: view.spec.onTooLittleData,
  });
  const judged = judgedEvent(deployment, view, step, input);
  const events = act(deployment, view, step, share, input);
  if ("waiting" in events) return judged.length > 0 ? { events: judged } : events;
  return { events: [...judged, ...events.events] };
}

/** The verdict that a stage waits on and the one that decides are recorded; one that wavers does not fill the ledger. */
function judgedEvent(
  deployment: DeploymentState,
  view: RolloutView,
  step: ProgressionStep,
  input: DecideInput,
): readonly DomainEvent[] {
  const judgement = input.judgements[view.name];
  const { stage, judged } = view.rollout.progression;
  if (judgement === undefined || stage < 0 || judgement.verdict === judged?.verdict) return [];
  // While a stage rises or its time runs, only a failing verdict decides anything.
  if (step.kind === "observe" || (step.kind === "wait" && step.reason.kind !== "verdict")) return [];
  if (judged !== null && step.kind !== "fail" && step.kind !== "enter" && step.kind !== "complete") return [];
  return [{ type: "stage.judged@1", data: { deployment: deployment.id, service: view.name, stage, judgement } }];
}

function act(
  deployment: DeploymentState,
  view: RolloutView,
  step: ProgressionStep,
  share: number,
  input: DecideInput,
): Step {
  const about = { deployment: deployment.id, service: view.name };
  const stages = view.rollout.progression.stages;
  switch (step.kind) {
    case "enter": {
      const next = stages[step.stage]?.share ?? 100;
      return {
        events: [{ type: "stage.entered@1", data: { ...about, stage: step.stage, share: next, of: stages.length } }],
      };
    }
    case "observe":
      return { events: [{ type: "stage.observing@1", data: { ...about, stage: view.rollout.progression.stage } }] };
    case "complete":
      return { events: [{ type: "rollout.arrived@1", data: about }] };
    case "fail": {
      const judgement = input.judgements[view.name] ?? null;
      return turnBack(deployment, {
        kind: step.why,
        service: view.name,
        sentence: step.sentence,
        exit: null,
        judgement,
      });
    }
    case "wait":
      break;
  }
  if (step.reason.kind === "share") return reshape(deployment, view, share);
  return { waiting: explainWait(deployment, view, step.reason, share, stages.length) };
}

function reshape(deployment: DeploymentState, view: RolloutView, share: number): Step {
  const { shape } = view;
  if (deployment.paused !== null && shape.strategy.kind === "rolling")
    return { waiting: waitingFor(`${view.name} is paused`, "`windlass resume` lets it go on", null, view.name) };
  if (!view.fresh)
    return { waiting: waitingFor("the target has not confirmed the last change yet", "it answers", null, view.name) };
  const next = stepForward(shape, share);
  if (next !== shape.now) {
    const because = share === 0 ? `${view.name} starts its new group` : `${view.name} goes to ${share} %`;
    return { events: [shaped(deployment, view, next, because)] };
  }
  const asked = shape.now.groups[shape.to] ?? 0;
  if (shape.ready.to < asked) {
    return {
      waiting: waitingFor(
        `${view.name}: ${shape.ready.to} of ${asked} new replicas are ready (${view.trouble.sentence})`,
        `${asked - shape.ready.to} more become ready; otherwise it goes back`,
        view.rollout.shapedAt + view.spec.readyDeadlineMs,
        view.name,
      ),
    };
  }
  return {
    waiting: waitingFor(`${view.name}: the edge has not put the new weights in force yet`, "it does", null, view.name),
  };
}

export function shaped(deployment: DeploymentState, view: RolloutView, shape: Shape, because: string): DomainEvent {
  const { groups, weights, routed } = shape;
  return {
    type: "rollout.shaped@1",
    data: { deployment: deployment.id, service: view.name, groups, weights, routed, because },
  };
}

/** Before the switch of a blue-green rollout: the new group whole, then its smoke checks. Null: nothing to do here. */
function stepSmoke(deployment: DeploymentState, view: RolloutView, input: DecideInput): Step | null {
  const { strategy } = view.spec;
  const { shape, rollout } = view;
  if (strategy.kind !== "blue-green" || strategy.smoke.length === 0 || rollout.progression.stage >= 0) return null;
  // What ran well before was checked then: the way back is instant.
  if (rollout.from === null || (deployment.kind === "rollback" && deployment.fast)) return null;
  const about = { deployment: deployment.id, service: view.name };
  if (rollout.smoke?.passed) return null;
  if (rollout.smoke === null) {
    if (view.fresh && shape.ready.to >= shape.size && (shape.now.groups[shape.to] ?? 0) >= shape.size)
      return {
        events: [{ type: "smoke.requested@1", data: { ...about, task: `${deployment.id}-${view.name}-smoke` } }],
      };
    return reshape(deployment, view, 0);
  }
  const { task } = rollout.smoke;
  const seen = input.observation?.tasks[task];
  if (seen === undefined || seen.phase === "running")
    return {
      waiting: waitingFor(
        `${view.name}: smoke checks run on the new group`,
        "they end",
        rollout.shapedAt + view.spec.readyDeadlineMs,
        view.name,
      ),
    };
  const passed = seen.phase === "passed";
  const finished: DomainEvent = { type: "smoke.finished@1", data: { ...about, task, passed, detail: seen.detail } };
  if (passed) return { events: [finished] };
  const cause: Cause = {
    kind: "smoke",
    service: view.name,
    sentence: `smoke check failed: ${seen.detail}`,
    exit: null,
    judgement: null,
  };
  return { events: [finished, ...turnBack(deployment, cause).events] };
}

/** What makes going on pointless: it cannot start, keeps ending, or is not ready by its deadline (rule 11). */
function groupTrouble(view: RolloutView, input: DecideInput): Cause | null {
  const { shape, rollout } = view;
  const group = input.observation?.services[view.name]?.groups[rollout.to];
  const start = startTrouble(group);
  const about = { service: view.name, judgement: null };
  if (start !== null && view.fresh) return { ...about, kind: "crash", sentence: start.sentence, exit: start.exit };
  const asked = shape.now.groups[shape.to] ?? 0;
  const since = Math.max(rollout.shapedAt, rollout.progression.enteredAt, input.seenSince ?? 0);
  const late = input.now - since >= view.spec.readyDeadlineMs;
  if (input.observation === null || !late) return null;
  if (rollout.smoke !== null && rollout.smoke.passed === null)
    return { ...about, kind: "smoke", sentence: "smoke checks did not end in time", exit: null };
  if (!view.fresh && rollout.progression.observingSince === null) {
    const sentence = `the target did not take the change over within ${view.spec.readyDeadlineMs / 1000} s`;
    return { ...about, kind: "not-ready", sentence, exit: null };
  }
  if (shape.ready.to >= asked || rollout.progression.observingSince !== null) return null;
  const { trouble } = view;
  const waited = `${shape.ready.to} of ${asked} new replicas ready after ${view.spec.readyDeadlineMs / 1000} s`;
  return { ...about, kind: "not-ready", sentence: `${waited} (${trouble.sentence})`, exit: trouble.exit };
}

export function turnBack(deployment: DeploymentState, cause: Cause): { readonly events: readonly DomainEvent[] } {
  return { events: [{ type: "deployment.turned@1", data: { deployment: deployment.id, cause } }] };
}

type Reason = Extract<ProgressionStep, { kind: "wait" }>["reason"];

function explainWait(
  deployment: DeploymentState,
  view: RolloutView,
  reason: Reason,
  share: number,
  of: number,
): Waiting {
  const name = view.name;
  const stage = `${name} at ${share} % (stage ${view.rollout.progression.stage + 1} of ${of})`;
  // Whatever else it would wait for: nothing goes on before somebody resumes it.
  if (deployment.paused !== null && (reason.kind === "time" || reason.kind === "verdict" || reason.kind === "paused")) {
    const { by, reason: why } = deployment.paused;
    const sentence = `${stage} is paused by ${by}${why === null ? "" : `: ${why}`}`;
    return waitingFor(sentence, "`windlass resume` lets it go on; a failing verdict still takes it back", null, name);
  }
  switch (reason.kind) {
    case "share":
      return waitingFor(`${stage} waits for its share`, "replicas become ready", null, name);
    case "time":
      return waitingFor(`${stage} is observed`, "its time is over, or `windlass advance`", reason.until, name);
    case "paused":
      return waitingFor(`${stage} is paused`, "`windlass resume` lets it go on", null, name);
    case "gate":
      return waitingFor(`${name} waits at a gate: ${reason.gate.sentence}`, "the gate opens", reason.gate.until, name);
    case "verdict": {
      const ends = { hold: "it holds for a person", abort: "it goes back", continue: "it goes on" }[reason.otherwise];
      const change =
        reason.until === null
          ? "enough data gives a verdict, or a person decides with `windlass advance` or `windlass abort`"
          : `a verdict does; without one, ${ends}`;
      return waitingFor(`${stage} has no verdict: ${reason.verdict}`, change, reason.until, name);
    }
  }
}

import type { DomainEvent } from "../model/events.js";
import type { DeploymentState } from "../model/state.js";
import { isBack, type Shape, sameShape, stepBack } from "../rollout/shape.js";
import { type Step, shaped } from "./forward.js";
import type { DecideInput, RolloutView } from "./input.js";
import { waitingFor } from "./waiting.js";

/** The next step of a rollout on its way back to the group before. */
export function stepReturn(deployment: DeploymentState, view: RolloutView, input: DecideInput): Step {
  const { shape, rollout } = view;
  const about = { deployment: deployment.id, service: view.name };
  if (view.fresh && isBack(shape)) {
    const returned: DomainEvent = { type: "rollout.returned@1", data: { ...about, clean: true } };
    return { events: [returned] };
  }
  // Requests turn back at once; processes only on what is seen after the last change, or two would run where one may.
  const wanted = stepBack(shape);
  const next: Shape = view.fresh ? wanted : { ...wanted, groups: shape.now.groups };
  if (!sameShape(next, shape.now)) return { events: [shaped(deployment, view, next, `${view.name} goes back`)] };
  const deadline = Math.max(rollout.shapedAt, input.seenSince ?? 0) + view.spec.readyDeadlineMs;
  if (input.now < deadline || !view.fresh)
    return {
      waiting: waitingFor(`${view.name} goes back: the old replicas take over`, "they are ready", deadline, view.name),
    };
  // Nothing better to be had, and a person is told: what ran before, whole; but the last ready replicas are not taken.
  const forced: Shape = servesAlone(view)
    ? { ...shape.now, routed: null }
    : { groups: { ...shape.now.groups, ...whole(view) }, weights: onlyOld(view), routed: null };
  return {
    events: [
      shaped(deployment, view, forced, `${view.name}: the old group did not become ready in time`),
      { type: "rollout.returned@1", data: { ...about, clean: false } },
    ],
  };
}

/** Of the old group nothing is ready, of the new one something is, and it is in use. */
function servesAlone({ rollout, shape }: RolloutView): boolean {
  const used = !shape.hasPort || (shape.now.weights[rollout.to] ?? 0) > 0;
  return rollout.from !== null && shape.fromSize > 0 && shape.ready.from === 0 && shape.ready.to > 0 && used;
}

function whole(view: RolloutView): Record<string, number> {
  const { from, to } = view.rollout;
  return from === null ? { [to]: 0 } : { [to]: 0, [from]: view.shape.fromSize };
}

function onlyOld(view: RolloutView): Record<string, number> {
  return view.rollout.from === null || !view.shape.hasPort ? {} : { [view.rollout.from]: 100 };
}

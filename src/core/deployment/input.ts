import type { CompiledService } from "../../spec/compiled.js";
import type { Judgement } from "../model/judgement.js";
import type { Observation } from "../model/observation.js";
import type { EnvironmentState, RolloutState, ServiceState } from "../model/state.js";
import type { Gate } from "../progression/step.js";
import {
  isFresh,
  lastTrouble,
  presentReplicas,
  readyReplicas,
  type StartTrouble,
  weightsInForce,
} from "../rollout/readiness.js";
import type { ShapeInput } from "../rollout/shape.js";
import { sizeBeside } from "./autoscaling.js";
import { digestOfGroup, sizeIn } from "./steps.js";

/** Everything that a decision may depend on besides the state. */
export interface DecideInput {
  /** Engine milliseconds. */
  readonly now: number;
  /** Null: the target did not answer. */
  readonly observation: Observation | null;
  /** Engine time since which the target has answered without a gap: nobody was late while nobody looked (rule 12). */
  readonly seenSince?: number;
  /** The verdict on each service's new group, for those that have traffic. */
  readonly judgements: Readonly<Record<string, Judgement>>;
  readonly gates: readonly Gate[];
}

export interface RolloutView {
  readonly name: string;
  readonly service: ServiceState;
  readonly rollout: RolloutState;
  readonly spec: CompiledService;
  readonly shape: ShapeInput;
  readonly fresh: boolean;
  /** What keeps the new group from being ready, as far as it is known. */
  readonly trouble: StartTrouble;
}

/** Gathers what one rollout's next step depends on. Null when the service has no rollout. */
export function viewRollout(state: EnvironmentState, name: string, input: DecideInput): RolloutView | null {
  const service = state.services[name];
  const rollout = service?.rollout;
  const revision = state.revisions[state.deployment?.to ?? ""];
  const spec = revision?.environment.services[name];
  if (service === undefined || rollout == null || revision === undefined || spec === undefined) return null;
  const seen = input.observation?.services[name];
  const fresh = input.observation !== null && isFresh(input.observation, state.intentVersion);
  const settled = state.settled.at(-1);
  // On its way back a service is what it was: with its port, if only the new one had none.
  const before = settled === undefined ? undefined : state.revisions[settled]?.environment.services[name];
  const goesBack = rollout.from !== null && (rollout.phase === "returning" || rollout.phase === "returned");
  const hasPort = ((goesBack ? before : undefined) ?? spec).listen !== null;
  // What is ready beyond what was asked for is about to end: nothing is built on it.
  const ready = (group: string | null): number =>
    group === null
      ? 0
      : Math.min(service.groups[group]?.replicas ?? 0, readyReplicas(seen, group, digestOfGroup(state, name, group)));
  const now = {
    groups: Object.fromEntries(Object.entries(service.groups).map(([id, group]) => [id, group.replicas])),
    weights: service.weights,
    routed: service.routed,
  };
  const shape: ShapeInput = {
    from: rollout.from,
    to: rollout.to,
    hasPort,
    fromHasPort: rollout.from !== null && before !== undefined && before.listen !== null,
    strategy: spec.strategy,
    size: sizeBeside(state, name, revision.id, rollout.scaled),
    fromSize: rollout.from === null || settled === undefined ? 0 : (rollout.scaled ?? sizeIn(state, name, settled)),
    ready: { from: ready(rollout.from), to: ready(rollout.to) },
    present: { from: presentReplicas(seen, rollout.from), to: presentReplicas(seen, rollout.to) },
    now,
    inForce: !hasPort ? fresh : fresh && weightsInForce(seen, service.weights, service.routed),
  };
  const trouble = resourceTrouble(spec, input.observation) ?? lastTrouble(seen?.groups[rollout.to]);
  return { name, service, rollout, spec, shape, fresh, trouble };
}

/** A service waits for the resources that it uses: then they are what it waits for. */
function resourceTrouble(spec: CompiledService, observation: Observation | null): StartTrouble | null {
  for (const { resource } of spec.uses) {
    const seen = observation?.resources[resource];
    if (seen !== undefined && seen.phase !== "ready")
      return { sentence: `${resource} ${seen.phase === "failed" ? "failed" : "starts"}: ${seen.detail}`, exit: null };
  }
  return null;
}

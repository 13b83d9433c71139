import type { Observation } from "../core/model/observation.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { Gate } from "../core/progression/step.js";

/** The last decision that nothing is to be done, and what it was made on. */
export interface Rest {
  readonly state: EnvironmentState;
  readonly observation: Observation | null;
  readonly gates: readonly Gate[];
  readonly wakeAt: number | null;
  /** Engine time from which on time alone may change it. */
  readonly until: number;
}

/** Whether deciding again would decide the same; verdicts, which it depends on as well, did not change. */
export function isQuiet(
  rest: Rest | null,
  state: EnvironmentState,
  observation: Observation | null,
  gates: readonly Gate[],
  now: number,
): boolean {
  return (
    rest !== null &&
    rest.state === state &&
    now < rest.until &&
    sameObservation(rest.observation, observation) &&
    sameGates(rest.gates, gates)
  );
}

/**
 * When time alone may change a decision made at `now`: what it awaits, the times of a stage, which go on while it is
 * paused, and the deadline of a group that is not ready (rule 11).
 */
export function restsUntil(state: EnvironmentState, wakeAt: number | null, seenSince: number, now: number): number {
  let until = wakeAt ?? Number.POSITIVE_INFINITY;
  const { deployment } = state;
  if (deployment === null || deployment.outcome !== null) return until;
  const services = state.revisions[deployment.to]?.environment.services;
  for (const [name, { rollout }] of Object.entries(state.services)) {
    if (rollout === null || rollout.phase !== "forward") continue;
    const { observingSince, enteredAt, stages, stage } = rollout.progression;
    const { minMs = 0, maxMs = 0 } = stages[stage] ?? {};
    const times =
      observingSince === null
        ? [Math.max(rollout.shapedAt, enteredAt, seenSince) + (services?.[name]?.readyDeadlineMs ?? 0)]
        : [observingSince + minMs, observingSince + maxMs];
    for (const time of times) if (time > now) until = Math.min(until, time);
  }
  return until;
}

/** Parts that are the same objects did not change (see `Target.observe`); who sees nothing looks closely. */
function sameObservation(a: Observation | null, b: Observation | null): boolean {
  if (a === null || b === null) return false;
  return (
    a === b ||
    (a.services === b.services &&
      a.tasks === b.tasks &&
      a.resources === b.resources &&
      a.applied?.revision === b.applied?.revision &&
      a.applied?.term === b.applied?.term)
  );
}

function sameGates(a: readonly Gate[], b: readonly Gate[]): boolean {
  return a.length === b.length && a.every(({ name, open }, index) => b[index]?.name === name && b[index].open === open);
}

import type { EnvironmentState } from "../core/model/state.js";
import type { Gate } from "../core/progression/step.js";

/** The freezes of an environment as gates on stages; rollbacks have no stages that a gate could stop (rule 15). */
export function freezeGates(state: EnvironmentState, wall: number, now: number): readonly Gate[] {
  const deployment = state.deployment;
  if (deployment === null || deployment.kind === "rollback") return [];
  const freezes = state.revisions[deployment.to]?.environment.freezes ?? [];
  return freezes
    .filter((freeze) => freeze.from <= wall && wall < freeze.to)
    .map((freeze) => ({
      name: "freeze",
      open: false,
      sentence: `frozen until ${new Date(freeze.to).toISOString()}: ${freeze.reason}`,
      until: now + (freeze.to - wall),
    }));
}

import { handleCommand } from "../core/deployment/command.js";
import { revisionOf } from "../core/deployment/configuration.js";
import { deploymentSteps } from "../core/deployment/steps.js";
import type { Release, Revision } from "../core/model/revision.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { CompiledEnvironment } from "../spec/compiled.js";
import type { Plan } from "./plan.js";
import { resourcePlans } from "./resources.js";
import { inProgress, servicePlan } from "./service-plan.js";

/** A revision that is not registered yet has this id while it is planned; no real one looks like it. */
const PLANNED = "planned";

/**
 * What `deploy` would do now: the core itself says whether it would be refused and which services it would roll out;
 * the differences are those to the revision that ran well last. Pure.
 */
export function planDeployment(state: EnvironmentState, release: Release, environment: CompiledEnvironment): Plan {
  const outcome = handleCommand(state, {
    command: { kind: "deploy", release, environment, reason: null, fast: false },
    // Never a key of a real command: those are not empty.
    key: "",
    expected: null,
    by: "plan",
  });
  const from = inForce(state);
  const goal = revisionOf(PLANNED, release, environment, state.configuration);
  const steps = deploymentSteps({ ...state, revisions: { ...state.revisions, [PLANNED]: goal } }, PLANNED, false);
  const secrets = secretVariables([...Object.values(state.revisions).map((known) => known.environment), environment]);
  const services = steps.map((step) => servicePlan(state, step, from, goal, secrets));
  const resources = resourcePlans(from?.environment ?? null, environment);
  const runs = from !== null && from.digest === goal.digest && !inProgress(state);
  return {
    environment: state.key,
    from: from === null ? null : { id: from.id, label: from.release.label },
    to: { label: release.label, digest: release.digest },
    services,
    resources,
    obstacles:
      outcome.kind === "accepted"
        ? []
        : [{ code: outcome.refusal.code, sentence: outcome.refusal.message, hint: outcome.refusal.hint }],
    changes: outcome.kind === "accepted" ? outcome.events.length > 0 : !runs,
  };
}

function inForce(state: EnvironmentState): Revision | null {
  const current = state.settled.at(-1);
  return current === undefined ? null : (state.revisions[current] ?? null);
}

/**
 * Variables that are, or ever were, a secret or the URL of a resource in any service: their plain values are not
 * shown anywhere. A value that was pasted into the spec to try something is still a password.
 */
function secretVariables(environments: readonly CompiledEnvironment[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const environment of environments)
    for (const service of Object.values(environment.services)) {
      for (const { variable } of service.uses) names.add(variable);
      for (const [variable, value] of Object.entries(service.environment))
        if (value.kind === "secret") names.add(variable);
    }
  return names;
}

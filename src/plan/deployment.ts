import { handleCommand } from "../core/deployment/command.js";
import { revisionOf, versionsOf } from "../core/deployment/configuration.js";
import { deploymentSteps } from "../core/deployment/steps.js";
import type { DeploymentStep } from "../core/model/events.js";
import type { Release, Revision } from "../core/model/revision.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { CompiledEnvironment } from "../spec/compiled.js";
import { serviceDifferences, settingDifferences } from "./differences.js";
import { howItGoes } from "./how.js";
import type { Plan, ServicePlan } from "./plan.js";
import { resourcePlans } from "./resources.js";
import { riskOf } from "./risk.js";

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

function servicePlan(
  state: EnvironmentState,
  step: DeploymentStep,
  from: Revision | null,
  goal: Revision,
  secrets: ReadonlySet<string>,
): ServicePlan {
  const { service } = step;
  const before = from?.environment.services[service];
  const after = goal.environment.services[service];
  if (step.action === "remove" || after === undefined)
    return {
      service,
      action: "remove",
      because: ["it is not in the spec any more"],
      how: "stops after its requests have ended",
      ...riskOf({ action: "remove", before, after }),
    };
  const settings = before === undefined ? [] : settingDifferences(before, after, state.scale[service] ?? null);
  if (step.action === "keep")
    return {
      service,
      action: "keep",
      because: settings,
      how: settings.length === 0 ? "stays as it is" : "its replicas stay; the settings change in place",
      ...riskOf({ action: "keep", before, after }),
    };
  const first = step.from === null;
  const differences =
    before === undefined
      ? []
      : serviceDifferences(
          { service: before, artefact: from?.release.artefacts[service] ?? null },
          { service: after, artefact: goal.release.artefacts[service] ?? null },
          secrets,
        );
  const changed = changedSecrets(state, service, from, goal);
  const because = [...differences, ...changed, ...settings];
  return {
    service,
    action: first ? "create" : "roll-out",
    because: because.length > 0 ? because : [first ? "it does not run here yet" : leftover(state)],
    how: howItGoes(after, step.stages, first),
    ...riskOf({ action: first ? "create" : "roll-out", before, after }),
  };
}

/** Secrets that were set since the revision in force was made, by name. */
function changedSecrets(
  state: EnvironmentState,
  service: string,
  from: Revision | null,
  goal: Revision,
): readonly string[] {
  if (from === null) return [];
  const versions = versionsOf(goal.environment, service, state.configuration);
  return Object.keys(versions)
    .filter((name) => versions[name] !== from.configuration?.[name])
    .map((name) => `secret ${name}: it was set anew`);
}

/** What runs differs from what ran well last: a deployment is in the middle of it. */
function leftover(state: EnvironmentState): string {
  return inProgress(state) ? "a deployment in progress is replaced" : "what runs is not what ran well last";
}

function inForce(state: EnvironmentState): Revision | null {
  const current = state.settled.at(-1);
  return current === undefined ? null : (state.revisions[current] ?? null);
}

function inProgress(state: EnvironmentState): boolean {
  return state.next !== null || (state.deployment !== null && state.deployment.outcome === null);
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

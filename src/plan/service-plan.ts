import { versionsOf } from "../core/deployment/configuration.js";
import { placeOf } from "../core/deployment/go.js";
import type { DeploymentStep } from "../core/model/events.js";
import type { Release, Revision } from "../core/model/revision.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { CompiledEnvironment, CompiledService, CompiledStage } from "../spec/compiled.js";
import { pullDifferences, trafficDifferences } from "./cluster-differences.js";
import { clusterNotes } from "./cluster-notes.js";
import { serviceDifferences, settingDifferences } from "./differences.js";
import { howItGoes } from "./how.js";
import type { ServicePlan } from "./plan.js";
import { reachable } from "./reachable.js";
import { riskOf } from "./risk.js";

/** What one step of a deployment means for its service; `from` is the revision that ran well last. */
export function servicePlan(
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
  if (from !== null && placeOf(from.environment) !== placeOf(goal.environment)) return elsewhere(after, from, goal);
  const settings = before === undefined || from === null ? [] : settingsOf(state, from, goal, before, after);
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
    before === undefined || from === null
      ? []
      : serviceDifferences(sideOf(from.release, before), sideOf(goal.release, after), secrets);
  const changed = changedSecrets(state, service, from, goal);
  const because = [...differences, ...changed, ...settings];
  const sizes = sizesOf(state, step, after);
  const action = first ? "create" : "roll-out";
  return {
    service,
    action,
    because: [
      ...(because.length > 0 ? because : [first ? "it does not run here yet" : leftover(state)]),
      // A first deployment has no stages; what later ones meet is better known before anything runs there.
      ...clusterNotes(after, first ? stagesOf(after) : step.stages, sizes, goal.environment),
    ],
    how: howItGoes(after, step.stages, first),
    ...riskOf({ action, before, after, ...firstShare(step, sizes, goal.environment) }),
  };
}

/** No rollout goes from one engine to another, so there is nothing to compare with: it is a first deployment. */
function elsewhere(after: CompiledService, from: Revision, goal: Revision): ServicePlan {
  const move = `${placeOf(from.environment)} → ${placeOf(goal.environment)}`;
  return {
    service: after.name,
    action: "create",
    because: [`it moves: ${move}; it starts there as a first deployment`],
    how: howItGoes(after, [], true),
    ...riskOf({ action: "create", before: undefined, after }),
  };
}

function settingsOf(
  state: EnvironmentState,
  from: Revision,
  goal: Revision,
  before: CompiledService,
  after: CompiledService,
): readonly string[] {
  const traffic = after.listen === null ? [] : trafficDifferences(from.environment, goal.environment);
  const pull = pullDifferences(from.environment, goal.environment);
  return [...settingDifferences(before, after, state.scale[after.name] ?? null), ...traffic, ...pull];
}

function sideOf({ artefacts, images }: Release, service: CompiledService) {
  return { service, artefact: artefacts[service.name] ?? null, image: images?.[service.name] ?? null };
}

function stagesOf({ strategy }: CompiledService): readonly CompiledStage[] {
  return strategy.kind === "canary" ? strategy.stages : [];
}

/** Replicas of the new group when it is whole, and of the one before. */
function sizesOf(state: EnvironmentState, { service, from }: DeploymentStep, after: CompiledService) {
  const size = state.scale[service] ?? after.replicas;
  const group = from === null ? undefined : state.services[service]?.groups[from];
  return { size, old: group?.replicas ?? size };
}

function firstShare(
  { stages }: DeploymentStep,
  { size, old }: ReturnType<typeof sizesOf>,
  { kubernetes }: CompiledEnvironment,
): { readonly firstShare?: number } {
  const [stage] = stages;
  if (stage === undefined || kubernetes === undefined || kubernetes.traffic.kind === "gateway") return {};
  return { firstShare: reachable(stage.share, size, old).share };
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

export function inProgress(state: EnvironmentState): boolean {
  return state.next !== null || (state.deployment !== null && state.deployment.outcome === null);
}

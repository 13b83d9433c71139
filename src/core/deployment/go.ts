import type { CompiledEnvironment } from "../../spec/compiled.js";
import type { Cause } from "../model/cause.js";
import type { Command } from "../model/command.js";
import type { DomainEvent } from "../model/events.js";
import type { RevisionId } from "../model/intent.js";
import type { EnvironmentState } from "../model/state.js";
import { revisionOf } from "./configuration.js";
import { environmentInForce } from "./desired.js";
import { accepted, type CommandOutcome, refused, unknownRevision } from "./outcome.js";
import { deploymentSteps } from "./steps.js";

/** A release into this environment: a new revision, or one that was here before. */
export function deploy(state: EnvironmentState, command: Extract<Command, { kind: "deploy" }>): CommandOutcome {
  const { release, environment } = command;
  if (environment.protected && release.dirty)
    return refused(
      "dirty-release",
      `${release.label} was made from a dirty working tree`,
      "commit your changes, then deploy again",
    );
  const moves = movesElsewhere(state, environment);
  if (moves !== null) return moves;
  const wanted = revisionOf(`r${Object.keys(state.revisions).length + 1}`, release, environment, state.configuration);
  const known = Object.values(state.revisions).find((revision) => revision.digest === wanted.digest);
  const revision = known ?? wanted;
  const registered: DomainEvent[] = known === undefined ? [{ type: "revision.registered@1", data: { revision } }] : [];

  const held = state.holds[revision.id];
  if (held !== undefined)
    return refused(
      "revision-held",
      `${revision.id} (${release.label}) is held: ${held.reason}`,
      `deploy a fix, or \`windlass unhold --revision ${revision.id}\``,
    );
  const active = state.deployment?.outcome === null ? state.deployment : null;
  if (active !== null && active.to === revision.id && active.cause !== null && active.cause.kind !== "superseded")
    return refused(
      "going-back",
      `${active.id} takes ${release.label} back: ${active.cause.sentence}`,
      `deploy a fix, or \`windlass unhold --revision ${revision.id}\` when it is back`,
    );
  if (active !== null && active.to === revision.id && active.cause === null && state.next === null)
    return accepted([], `${release.label} is being deployed already`, active.id);
  if (active === null && runs(state, revision.id))
    return accepted([], `${release.label} (${revision.id}) runs already`);
  if (active !== null && environment.whenBusy === "refuse")
    return refused("deployment-in-progress", `${active.id} is in progress`, "wait for it, or `windlass abort`");
  const backToStable = state.settled.at(-1) === revision.id;
  const events = request(state, {
    to: revision.id,
    kind: "deploy",
    reason: command.reason,
    fast: command.fast || backToStable,
  });
  return accepted([...registered, ...events], `${release.label} is deployed as ${revision.id}`, nextId(state));
}

/** Back to the revision that ran well before, or to a named one; inside the window without stages (rule 4). */
export function rollback(state: EnvironmentState, command: Extract<Command, { kind: "rollback" }>): CommandOutcome {
  const active = state.deployment?.outcome === null ? state.deployment : null;
  const current = state.settled.at(-1);
  const target = command.to ?? (active !== null ? current : state.settled.at(-2));
  if (target === undefined || state.revisions[target] === undefined)
    return active !== null || state.settled.length !== 1 || command.to !== null
      ? unknownRevision(state, command.to)
      : refused("nothing-before", "nothing ran here before the current revision", "`windlass deploy` another release");
  const moves = movesElsewhere(state, state.revisions[target].environment);
  if (moves !== null) return moves;
  const held = state.holds[target];
  if (held !== undefined)
    return refused(
      "revision-held",
      `${target} is held: ${held.reason}`,
      `\`windlass unhold --revision ${target}\`, or name another with --to`,
    );
  if (active === null && runs(state, target)) return accepted([], `${target} runs already`);
  if (active !== null && active.to === target && active.kind === "rollback" && active.cause === null)
    return accepted([], `${active.id} goes there already`, active.id);
  const place = state.settled.lastIndexOf(target);
  const window = state.revisions[target]?.environment.rollbackWindow ?? 0;
  const fast = place >= 0 && state.settled.length - 1 - place <= window;
  const label = state.revisions[target]?.release.label ?? target;
  const events = request(state, { to: target, kind: "rollback", reason: command.reason, fast });
  return accepted(events, `goes back to ${label} (${target})${fast ? ", without stages" : ""}`, nextId(state));
}

/** No rollout shares requests between two engines, so what runs on one ends before the other begins. */
function movesElsewhere(state: EnvironmentState, environment: CompiledEnvironment): CommandOutcome | null {
  const present = environmentInForce(state);
  if (present === undefined || Object.keys(state.services).length === 0) return null;
  const [before, after] = [placeOf(present), placeOf(environment)];
  if (before === after) return null;
  return refused(
    "environment-moves",
    `${state.key} runs on ${before}; it cannot go on on ${after}`,
    "`windlass down` it first, or give the other place an environment of its own and move clients over",
  );
}

/** The engine under an environment, and where on it; two that read the same are the same place. */
export function placeOf({ target, kubernetes }: CompiledEnvironment): string {
  if (kubernetes === undefined) return target;
  const { context, kubeconfig, namespace } = kubernetes;
  const where = [kubeconfig, context].filter((part) => part !== null).join(" ");
  return `${target}, namespace ${namespace}${where === "" ? "" : ` (${where})`}`;
}

/** It is what settled last, and a way back that did not end well has left no service on something else. */
function runs(state: EnvironmentState, revision: RevisionId): boolean {
  return (
    state.settled.at(-1) === revision && deploymentSteps(state, revision, false).every((step) => step.action === "keep")
  );
}

/** Asks for a deployment; one in progress is turned back first, one that waits is replaced (rule 2). */
function request(
  state: EnvironmentState,
  wanted: { to: RevisionId; kind: "deploy" | "rollback"; reason: string | null; fast: boolean },
): readonly DomainEvent[] {
  const deployment = nextId(state);
  const events: DomainEvent[] = [];
  if (state.next !== null)
    events.push({ type: "deployment.superseded@1", data: { deployment: state.next.id, by: deployment } });
  events.push({ type: "deployment.requested@1", data: { deployment, ...wanted } });
  const active = state.deployment;
  if (active !== null && active.outcome === null && active.cause === null) {
    // Who rolls back rejects what goes on now: it is held like after an abort (rule 3), not merely replaced.
    const why = wanted.reason === null ? "" : `: ${wanted.reason}`;
    const [kind, sentence] =
      wanted.kind === "rollback"
        ? (["person", `${deployment} rolls back to ${wanted.to}${why}`] as const)
        : (["superseded", `superseded by ${deployment}`] as const);
    const cause: Cause = { kind, service: null, sentence, exit: null, judgement: null };
    events.push({ type: "deployment.turned@1", data: { deployment: active.id, cause } });
  }
  return events;
}

function nextId(state: EnvironmentState): string {
  return `d${state.deployments + 1}`;
}

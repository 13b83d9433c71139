import type { Command, CommandEnvelope } from "../model/command.js";
import type { DomainEvent } from "../model/events.js";
import type { EnvironmentState } from "../model/state.js";
import { deploy, rollback } from "./go.js";
import { accepted, type CommandOutcome, refused, unknownRevision } from "./outcome.js";

/**
 * Decides on a command. The same key again gives the answer of the first time; a version that is not the current
 * one is refused, never merged (rule 9).
 */
export function handleCommand(state: EnvironmentState, envelope: CommandEnvelope): CommandOutcome {
  const known = state.keys.find((entry) => entry.key === envelope.key);
  if (known !== undefined) return accepted([], "already taken: the same command was sent before", known.deployment);
  if (envelope.expected !== null && envelope.expected !== state.version)
    return refused(
      "version-changed",
      `${state.key} is at version ${state.version}; you saw ${envelope.expected}`,
      "look again with `windlass status`, then repeat the command",
      "after-refresh",
    );
  return handle(state, envelope.command, envelope.by);
}

function handle(state: EnvironmentState, command: Command, by: string): CommandOutcome {
  const active = state.deployment !== null && state.deployment.outcome === null ? state.deployment : null;
  switch (command.kind) {
    case "deploy":
      return deploy(state, command);
    case "rollback":
      return rollback(state, command);
    case "advance":
      if (active === null) return nothingActive("advance");
      if (active.cause !== null)
        return refused("going-back", `${active.id} goes back already`, "deploy a fix when it is back");
      return accepted(
        [{ type: "deployment.advanced@1", data: { deployment: active.id, full: command.full } }],
        "on to the next stage",
        active.id,
      );
    case "pause":
      if (active === null) return nothingActive("pause");
      if (active.cause !== null)
        return refused("going-back", `${active.id} goes back; that is not paused`, "wait until it is back");
      if (active.paused !== null) return accepted([], `${active.id} is paused already`, active.id);
      return accepted(
        [{ type: "deployment.paused@1", data: { deployment: active.id, reason: command.reason } }],
        "paused; a failing verdict still takes it back",
        active.id,
      );
    case "resume":
      if (active === null) return nothingActive("resume");
      if (active.paused === null) return accepted([], `${active.id} is not paused`, active.id);
      return accepted([{ type: "deployment.resumed@1", data: { deployment: active.id } }], "goes on", active.id);
    case "abort": {
      if (active === null) return nothingActive("abort");
      if (active.cause !== null) return accepted([], `${active.id} goes back already`, active.id);
      const sentence = `aborted by ${by}${command.reason === null ? "" : `: ${command.reason}`}`;
      const cause = { kind: "person" as const, service: null, sentence, exit: null, judgement: null };
      return accepted(
        [{ type: "deployment.turned@1", data: { deployment: active.id, cause } }],
        "goes back to what ran before",
        active.id,
      );
    }
    case "hold": {
      const revision = command.revision ?? state.settled.at(-1);
      if (revision === undefined || state.revisions[revision] === undefined)
        return unknownRevision(state, command.revision);
      return accepted([{ type: "hold.placed@1", data: { revision, reason: command.reason } }], `${revision} is held`);
    }
    case "unhold":
      return unhold(state, command.revision, command.reason);
    case "scale":
      return scale(state, command.service, command.replicas, active !== null);
    case "down":
      return down(state, command.reason);
  }
}

function unhold(state: EnvironmentState, asked: string | null, reason: string | null): CommandOutcome {
  const held = Object.keys(state.holds);
  const revisions = asked === null ? held : [asked];
  if (asked !== null && state.holds[asked] === undefined)
    return refused("not-held", `${asked} is not held`, held.length === 0 ? "nothing is" : `held: ${held.join(", ")}`);
  const lifted = revisions.map((revision): DomainEvent => ({ type: "hold.lifted@1", data: { revision, reason } }));
  return accepted(lifted, revisions.length === 0 ? "nothing is held" : `lifted: ${revisions.join(", ")}`);
}

function scale(state: EnvironmentState, service: string, replicas: number, busy: boolean): CommandOutcome {
  if (state.services[service] === undefined)
    return refused(
      "unknown-service",
      `no service ${service} runs here`,
      `services: ${Object.keys(state.services).join(", ") || "none"}`,
    );
  if (!Number.isInteger(replicas) || replicas < 0 || replicas > 1000)
    return refused("bad-replicas", `${replicas} is not a number of replicas`, "a whole number from 0 to 1000");
  if (busy)
    return refused("deployment-in-progress", "a deployment changes the replicas now", "wait for it, or abort it");
  return accepted(
    [{ type: "service.scaled@1", data: { service, replicas } }],
    `${service} goes to ${replicas} replicas`,
  );
}

function down(state: EnvironmentState, reason: string | null): CommandOutcome {
  const events: DomainEvent[] = [];
  const active = state.deployment;
  if (active !== null && active.outcome === null) {
    const cause = {
      kind: "stopped" as const,
      service: null,
      sentence: "the environment was stopped",
      exit: null,
      judgement: null,
    };
    events.push({ type: "deployment.finished@1", data: { deployment: active.id, outcome: "superseded", cause } });
  }
  events.push({ type: "environment.stopped@1", data: { reason } });
  return accepted(events, "everything stops; data of resources is kept");
}

function nothingActive(verb: string): CommandOutcome {
  return refused(
    "no-deployment",
    `no deployment is in progress: nothing to ${verb}`,
    "`windlass status` shows what runs",
  );
}

import { describe, expect, test } from "vitest";
import { deployOf, environment, ROLLING, service } from "../../../test/simulation/system.js";
import type { Command } from "../model/command.js";
import type { DeploymentOutcome, DomainEvent } from "../model/events.js";
import type { EnvironmentState } from "../model/state.js";
import { attemptOf } from "./attempts.js";
import { handleCommand } from "./command.js";
import { decide } from "./decide.js";
import { emptyEnvironment, evolve } from "./evolve.js";

const STAGES = [{ share: 10, minMs: 1_000, maxMs: 2_000 }];
const CANARY = { kind: "canary" as const, stages: STAGES, routes: [], sticky: null, keepOldMs: 0 };

function having(state: EnvironmentState, events: readonly DomainEvent[]): EnvironmentState {
  return events.reduce(
    (so, event) => evolve(so, event, { version: so.version + 1, at: 1_000, by: "user:ada", key: null }),
    state,
  );
}

/** Told, and decided on until something would have to be observed. */
function told(state: EnvironmentState, command: Command): EnvironmentState {
  const outcome = handleCommand(state, { command, key: `k${state.version}`, expected: null, by: "user:ada" });
  if (outcome.kind === "refused") throw new Error(outcome.refusal.message);
  let next = having(state, outcome.events);
  for (;;) {
    const { events } = decide(next, { now: 1_000, observation: null, judgements: {}, gates: [] });
    if (events.length === 0) return next;
    next = having(next, events);
  }
}

function withTraffic(state: EnvironmentState, service = "web"): EnvironmentState {
  const rollout = state.services[service]?.rollout;
  const [deployment, to] = [state.deployment?.id ?? "", rollout?.to ?? ""];
  const weights = { [to]: 10, r1: 90 };
  const data = { deployment, service, groups: { r1: 2, [to]: 1 }, weights, routed: null, because: "" };
  return having(state, [{ type: "rollout.shaped@1", data }]);
}

function ended(state: EnvironmentState, outcome: DeploymentOutcome): EnvironmentState {
  const data = { deployment: state.deployment?.id ?? "", outcome, cause: null };
  return having(state, [{ type: "deployment.finished@1", data }]);
}

const web = (version: string, strategy: typeof CANARY | typeof ROLLING = CANARY) =>
  deployOf(`v${version}`, environment([service("web", { version, strategy })]));
const first = () => ended(told(emptyEnvironment("shop/production"), web("1")), "succeeded");

describe("attempts at a revision", () => {
  test("that got requests and did not settle are counted, whatever ended them", () => {
    let state = first();
    expect(attemptOf(state, "web", "r2")).toBe(1);
    for (const [times, outcome] of (["rolled-back", "superseded", "failed"] as const).entries()) {
      state = withTraffic(told(state, web("2")));
      expect(attemptOf(state, "web", "r2")).toBe(1 + times);
      state = ended(state, outcome);
      expect(attemptOf(state, "web", "r2")).toBe(2 + times);
    }
    expect(attemptOf(state, "web", "r3")).toBe(1);
  });

  test("begin again once it settles", () => {
    const failed = ended(withTraffic(told(first(), web("2"))), "rolled-back");
    const settled = ended(withTraffic(told(failed, web("2"))), "succeeded");
    expect(attemptOf(settled, "web", "r2")).toBe(1);
    expect(settled.attempts).toEqual({});
  });

  test("are none without requests, or without stages that observe", () => {
    expect(ended(told(first(), web("2")), "rolled-back").attempts).toEqual({});
    expect(ended(withTraffic(told(first(), web("2", ROLLING))), "rolled-back").attempts).toEqual({});
  });

  test("are forgotten, the oldest first, when there are many", () => {
    let state = first();
    for (let version = 2; version < 90; version++)
      state = ended(withTraffic(told(state, web(`${version}`))), "rolled-back");
    expect(Object.keys(state.attempts)).toHaveLength(64);
    expect(attemptOf(state, "web", "r89")).toBe(2);
    expect(attemptOf(state, "web", "r2")).toBe(1);
  });
});

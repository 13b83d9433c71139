import { describe, expect, test } from "vitest";
import { deployOf, environment, release, service } from "../../../test/simulation/system.js";
import type { Command } from "../model/command.js";
import type { DomainEvent } from "../model/events.js";
import type { EnvironmentState } from "../model/state.js";
import { handleCommand } from "./command.js";
import { decide } from "./decide.js";
import { emptyEnvironment, evolve } from "./evolve.js";
import type { CommandOutcome } from "./outcome.js";

const web = (version: string) => environment([service("web", { version })]);

function having(state: EnvironmentState, events: readonly DomainEvent[], key: string | null = null): EnvironmentState {
  return events.reduce(
    (so, event) => evolve(so, event, { version: so.version + 1, at: 1_000, by: "user:ada", key }),
    state,
  );
}

function ask(state: EnvironmentState, command: Command, key = `k${state.version}`): CommandOutcome {
  return handleCommand(state, { command, key, expected: null, by: "user:ada" });
}

/** The state after an accepted command. */
function told(state: EnvironmentState, command: Command): EnvironmentState {
  const outcome = ask(state, command);
  if (outcome.kind === "refused") throw new Error(outcome.refusal.message);
  return having(state, outcome.events, `k${state.version}`);
}

/** Decides on what nobody observes: a deployment starts. */
function started(state: EnvironmentState): EnvironmentState {
  const { events } = decide(state, { now: 1_000, observation: null, judgements: {}, gates: [] });
  return events.length === 0 ? state : started(having(state, events));
}

function finished(state: EnvironmentState): EnvironmentState {
  const { deployment } = state;
  if (deployment === null) throw new Error("nothing to finish");
  const data = { deployment: deployment.id, outcome: "succeeded" as const, cause: null };
  return having(state, [{ type: "deployment.finished@1", data }]);
}

function running(...versions: readonly string[]): EnvironmentState {
  return versions.reduce(
    (state, version) => finished(started(told(state, deployOf(`v${version}`, web(version))))),
    emptyEnvironment("shop/production"),
  );
}

const refusal = (outcome: CommandOutcome) => (outcome.kind === "refused" ? outcome.refusal.code : null);
const types = (outcome: CommandOutcome) =>
  outcome.kind === "accepted" ? outcome.events.map(({ type }) => type) : null;

describe("every command", () => {
  test("answers a key that it knows as it did before, with the deployment that it made", () => {
    const before = emptyEnvironment("shop/production");
    const command = deployOf("v1", web("1"));
    const first = handleCommand(before, { command, key: "once", expected: 0, by: "user:ada" });
    if (first.kind === "refused") throw new Error(first.refusal.message);
    const state = having(before, first.events, "once");
    const again = handleCommand(state, { command, key: "once", expected: 0, by: "user:ada" });
    expect(again).toMatchObject({ kind: "accepted", events: [], deployment: "d1" });
  });

  test("that saw another version is refused", () => {
    const state = running("1");
    const outcome = handleCommand(state, { command: { kind: "resume" }, key: "x", expected: 1, by: "user:ada" });
    expect(outcome).toMatchObject({ kind: "refused", refusal: { code: "version-changed", retry: "after-refresh" } });
  });

  test("keeps a bounded number of keys", () => {
    let state = running("1");
    for (let time = 0; time < 700; time++)
      state = having(state, [{ type: "hold.lifted@1", data: { revision: "r1", reason: null } }], `many-${time}`);
    expect(state.keys).toHaveLength(500);
    expect(state.keys.at(-1)?.key).toBe("many-699");
  });
});

describe("deploy", () => {
  test("registers a release once: the same content is the same revision", () => {
    const state = running("1", "2");
    expect(Object.keys(state.revisions)).toEqual(["r1", "r2"]);
    expect(types(ask(state, deployOf("v1", web("1"))))).toEqual(["deployment.requested@1"]);
    expect(ask(state, deployOf("v2", web("2")))).toMatchObject({ kind: "accepted", events: [] });
  });

  test("of a dirty tree is refused where it matters", () => {
    const dirty = { ...release("v1-dirty"), dirty: true };
    const to = { ...web("1"), protected: true };
    const command: Command = { kind: "deploy", release: dirty, environment: to, reason: null, fast: false };
    expect(refusal(ask(emptyEnvironment("shop/production"), command))).toBe("dirty-release");
  });

  test("during a deployment supersedes it, or is refused, as the spec says", () => {
    const busy = started(told(running("1"), deployOf("v2", web("2"))));
    expect(types(ask(busy, deployOf("v3", web("3"))))).toEqual([
      "revision.registered@1",
      "deployment.requested@1",
      "deployment.turned@1",
    ]);
    expect(refusal(ask(busy, deployOf("v3", { ...web("3"), whenBusy: "refuse" })))).toBe("deployment-in-progress");
    expect(types(ask(busy, deployOf("v2", web("2"))))).toEqual([]);
    const waiting = told(busy, deployOf("v3", web("3")));
    expect(types(ask(waiting, deployOf("v4", web("4"))))).toEqual([
      "revision.registered@1",
      "deployment.superseded@1",
      "deployment.requested@1",
    ]);
  });

  test("of what is just taken back is refused; back to stable skips the stages", () => {
    const busy = started(told(running("1"), deployOf("v2", web("2"))));
    const back = told(busy, { kind: "abort", reason: null });
    expect(refusal(ask(back, deployOf("v2", web("2"))))).toBe("going-back");
    expect(told(busy, deployOf("v1", web("1"))).next).toMatchObject({ to: "r1", fast: true });
  });

  test("of a held revision is refused until the hold is lifted", () => {
    const held = told(running("1", "2"), { kind: "hold", revision: "r1", reason: "leaks" });
    expect(refusal(ask(held, deployOf("v1", web("1"))))).toBe("revision-held");
    expect(refusal(ask(held, { kind: "rollback", to: null, reason: null }))).toBe("revision-held");
    const free = told(held, { kind: "unhold", revision: null, reason: null });
    expect(types(ask(free, deployOf("v1", web("1"))))).toEqual(["deployment.requested@1"]);
  });
});

describe("rollback", () => {
  const back = { kind: "rollback" as const, to: null, reason: null };

  test("goes back one by one and never forth, and holds what it leaves", () => {
    const first = finished(started(told(running("1", "2", "3"), back)));
    expect(first.settled).toEqual(["r1", "r2"]);
    const second = finished(started(told(first, back)));
    expect(second.settled).toEqual(["r1"]);
    expect(refusal(ask(second, back))).toBe("nothing-before");
  });

  test("outside the window goes through the stages", () => {
    const state = running("1", "2", "3", "4", "5", "6");
    expect(told(state, { ...back, to: "r3" }).next).toMatchObject({ fast: true });
    expect(told(state, { ...back, to: "r1" }).next).toMatchObject({ fast: false });
  });

  test("to what runs does nothing, to what nobody knows is refused", () => {
    const state = running("1", "2");
    expect(types(ask(state, { ...back, to: "r2" }))).toEqual([]);
    expect(refusal(ask(state, { ...back, to: "r9" }))).toBe("unknown-revision");
    expect(refusal(ask(emptyEnvironment("shop/production"), back))).toBe("unknown-revision");
  });
});

describe("a person's other commands", () => {
  test("need a deployment in progress", () => {
    const state = running("1");
    const commands: readonly Command[] = [
      { kind: "advance", full: false },
      { kind: "pause", reason: null },
      { kind: "resume" },
      { kind: "abort", reason: null },
    ];
    for (const command of commands) expect(refusal(ask(state, command))).toBe("no-deployment");
  });

  test("do not stop a way back", () => {
    const busy = started(told(running("1"), deployOf("v2", web("2"))));
    const back = told(busy, { kind: "abort", reason: "wrong" });
    expect(back.deployment?.cause).toMatchObject({ kind: "person", sentence: "aborted by user:ada: wrong" });
    expect(refusal(ask(back, { kind: "pause", reason: null }))).toBe("going-back");
    expect(refusal(ask(back, { kind: "advance", full: true }))).toBe("going-back");
    expect(types(ask(back, { kind: "abort", reason: null }))).toEqual([]);
  });

  test("pause once, and resume", () => {
    const busy = started(told(running("1"), deployOf("v2", web("2"))));
    const paused = told(busy, { kind: "pause", reason: "lunch" });
    expect(paused.deployment?.paused).toEqual({ by: "user:ada", reason: "lunch", at: 1_000 });
    expect(types(ask(paused, { kind: "pause", reason: null }))).toEqual([]);
    expect(told(paused, { kind: "resume" }).deployment?.paused).toBeNull();
  });

  test("scale what runs, when nothing else changes it", () => {
    const state = running("1");
    const scaled = told(state, { kind: "scale", service: "web", replicas: 5 });
    expect(scaled.services.web?.groups.r1?.replicas).toBe(5);
    expect(refusal(ask(state, { kind: "scale", service: "wbe", replicas: 5 }))).toBe("unknown-service");
    expect(refusal(ask(state, { kind: "scale", service: "web", replicas: 1.5 }))).toBe("bad-replicas");
    const busy = started(told(state, deployOf("v2", web("2"))));
    expect(refusal(ask(busy, { kind: "scale", service: "web", replicas: 5 }))).toBe("deployment-in-progress");
  });

  test("down ends what goes on and everything that runs; revisions and holds stay", () => {
    const busy = started(told(running("1"), deployOf("v2", web("2"))));
    const stopped = told(busy, { kind: "down", reason: null });
    expect(stopped).toMatchObject({ services: {}, settled: [], next: null, deployment: { outcome: "superseded" } });
    expect(Object.keys(stopped.revisions)).toEqual(["r1", "r2"]);
    expect(types(ask(stopped, deployOf("v1", web("1"))))).toEqual(["deployment.requested@1"]);
  });

  test("unhold says what is held", () => {
    const held = told(running("1"), { kind: "hold", revision: null, reason: "audit" });
    expect(Object.keys(held.holds)).toEqual(["r1"]);
    const outcome = ask(held, { kind: "unhold", revision: "r7", reason: null });
    expect(outcome).toMatchObject({ refusal: { code: "not-held", hint: "held: r1" } });
  });
});

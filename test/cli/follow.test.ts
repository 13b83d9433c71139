import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { DeploymentOutcome, DomainEvent } from "../../src/core/model/events.js";
import type { Update } from "../../src/engine/control-plane.js";
import type { EnvironmentView } from "../../src/engine/view.js";
import { expectGolden } from "./golden.js";
import { canary, event, group, NOW, R1, R2, replica, resting, service } from "./views.js";
import { World } from "./world.js";

const SPEC = `name: shop
services:
  api:
    command: node server.js
    port: 8080
environments:
  development: { services: { api: { port: 0 } } }
  production:
    services:
      api: { replicas: 2, strategy: { kind: canary, stages: [{ share: 10, time: 2m }] } }
`;

function project(): World {
  const world = new World();
  writeFileSync(path.join(world.cwd, "windlass.system.yaml"), SPEC);
  writeFileSync(path.join(world.cwd, "server.js"), "process.exit(0);\n");
  writeFileSync(path.join(world.cwd, "package.json"), '{"version":"1.1.0"}\n');
  world.plane.views = [resting()];
  return world;
}

const about = { deployment: "d2", service: "api" } as const;
const cause = {
  kind: "verdict",
  service: "api",
  sentence: "9 errors in 40 requests (22.5 %): above 5 % for 10 s",
  exit: null,
  judgement: null,
} as const;

function story(...facts: readonly DomainEvent[]): Update[] {
  return facts.map((fact, index) => ({ kind: "event", event: event(13 + index, fact) }));
}

const begin: readonly DomainEvent[] = [
  {
    type: "deployment.requested@1",
    data: { deployment: "d2", to: "r2", kind: "deploy", reason: "faster search", fast: false },
  },
  {
    type: "deployment.started@1",
    data: {
      deployment: "d2",
      from: "r1",
      to: "r2",
      steps: [{ service: "api", action: "roll-out", from: "r1", to: "r2", stages: [] }],
    },
  },
  { type: "stage.entered@1", data: { ...about, stage: 0, share: 10, of: 2 } },
  {
    type: "rollout.shaped@1",
    data: {
      ...about,
      groups: { r1: 2, r2: 1 },
      weights: { r1: 90, r2: 10 },
      routed: null,
      because: "api goes to 10 %",
    },
  },
  { type: "stage.observing@1", data: { ...about, stage: 0 } },
];

function finished(outcome: DeploymentOutcome, changes: Partial<EnvironmentView> = {}): Update {
  const deployment = canary().deployment ?? expect.fail();
  return { kind: "view", view: resting({ deployment: { ...deployment, outcome, finishedAt: NOW }, ...changes }) };
}

const good: readonly Update[] = [
  { kind: "view", view: canary() },
  ...story(
    ...begin,
    { type: "rollout.arrived@1", data: about },
    { type: "deployment.finished@1", data: { deployment: "d2", outcome: "succeeded", cause: null } },
  ),
  finished("succeeded", { current: R2, before: R1, services: [service({ groups: [group(R2)] })] }),
];

const bad: readonly Update[] = [
  { kind: "view", view: canary() },
  ...story(
    ...begin,
    { type: "deployment.turned@1", data: { deployment: "d2", cause } },
    { type: "rollout.returned@1", data: { ...about, clean: true } },
    { type: "deployment.finished@1", data: { deployment: "d2", outcome: "rolled-back", cause } },
  ),
  finished("rolled-back", { holds: [{ revision: R2, reason: "it failed", by: "engine", at: NOW }] }),
];

describe("deploy", () => {
  test("in a pipe: the plan, one line per event, what to do next", async () => {
    const world = project();
    world.plane.updates = [...good];
    const ran = await world.run("deploy", "production", "--reason", "faster search");
    expect(ran.code).toBe(0);
    expectGolden("deploy plain", ran.out);
    expect(world.plane.followedSince).toEqual([12]);
    const [sent] = world.plane.commands;
    expect(sent?.environment).toBe("shop/production");
    expect(sent?.envelope).toMatchObject({ by: "user:ada", key: "key-1", expected: null });
    expect(sent?.envelope.command).toMatchObject({ kind: "deploy", reason: "faster search", fast: false });
    expect([...world.plane.uploads.keys()]).toEqual(Object.values(world.plane.releases[0]?.artefacts ?? {}));
  });

  test("as JSON: the plan, the release, events as they are stored, and the result", async () => {
    const world = project();
    world.plane.updates = [...good];
    const ran = await world.run("deploy", "production", "--json");
    const lines = ran.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string });
    const kinds = lines.map((line) => line.kind).filter((kind) => kind !== "event");
    expect(kinds).toEqual(["plan", "note", "accepted", "view", "view", "view", "result"]);
    expect(lines.at(-1)).toEqual({ kind: "result", deployment: "d2", outcome: "succeeded", cause: null, exitCode: 0 });
  });

  test("on a terminal: events above, a block below that is redrawn", async () => {
    const world = project();
    world.terminal = { live: true, colour: false, unicode: true, columns: () => 100, rows: () => 30 };
    world.plane.updates = [...good];
    const ran = await world.run("deploy", "production");
    expect(ran.code).toBe(0);
    expectGolden("deploy terminal", ran.out.replaceAll("\u001b", "<ESC>"));
  });

  test("what is hauled back says why, what runs, and ends with 3", async () => {
    const world = project();
    world.plane.updates = [...bad];
    const ran = await world.run("deploy", "production");
    expect(ran.code).toBe(3);
    expectGolden("deploy hauled back", ran.out);
  });

  test("a failed replica shows its exit code and its last lines, harmless for the terminal", async () => {
    const world = project();
    const lastExit = {
      code: 1,
      signal: null,
      reason: "exited",
      message: "exited",
      lastLines: ["connecting", "Error: \u001b[31mno DATABASE_URL\u001b[0m\u0007"],
    } as const;
    const crash = { ...cause, kind: "crash", sentence: "api-r1-1 keeps ending", exit: null } as const;
    const inTrouble = group(R1, { role: "new", ready: 0, replicas: [replica("api-r1-1", { lastExit })] });
    world.plane.views = [];
    world.plane.updates = [
      { kind: "view", view: canary({ current: null, services: [service({ groups: [inTrouble] })] }) },
      ...story({ type: "deployment.finished@1", data: { deployment: "d2", outcome: "failed", cause: crash } }),
      finished("failed", { current: null, services: [] }),
    ];
    world.plane.environment = async () => canary({ current: null });
    const ran = await world.run("deploy", "production");
    expect(ran.code).toBe(4);
    expectGolden("deploy failed", ran.out);
  });

  test("a control plane that is killed meanwhile is connected to again, and no event is lost", async () => {
    const world = project();
    world.plane.updates = [...good];
    world.plane.breakAfter = 4;
    const ran = await world.run("deploy", "production");
    expect(ran.code).toBe(0);
    expect(world.plane.followedSince).toEqual([12, 15]);
    expect(ran.out).toContain("the control plane is away");
    expect(ran.out.split("\n").filter((line) => line.includes("started: "))).toHaveLength(1);
  });

  test("in a pipe, one that waits for a person ends with 5", async () => {
    const world = project();
    const paused = { by: "user:bob", reason: null, at: NOW };
    world.plane.updates = [
      { kind: "view", view: canary({ deployment: { ...(canary().deployment ?? expect.fail()), paused } }) },
    ];
    const ran = await world.run("deploy", "production");
    expect(ran.code).toBe(5);
    expect(ran.out).toContain("windlass resume production");
  });

  test("Ctrl-C detaches; the deployment goes on", async () => {
    const world = project();
    world.plane.updates = [{ kind: "view", view: canary() }];
    const running = world.run("deploy", "production");
    while (world.plane.followedSince.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    world.interrupt();
    const ran = await running;
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("Detached; d2 goes on.");
    expect(ran.out).toContain("windlass status production --follow");
  });

  test("--detach asks for it and ends", async () => {
    const world = project();
    const ran = await world.run("deploy", "production", "--detach", "--version", "9.9.9");
    expect(ran.code).toBe(0);
    expect(world.plane.followedSince).toEqual([]);
    expect(world.plane.releases[0]?.label).toBe("9.9.9");
  });

  test("a refusal is an answer with what would change it", async () => {
    const world = project();
    world.plane.outcome = {
      kind: "refused",
      refusal: { code: "revision-held", message: "r2 is held: it leaks", hint: "deploy a fix", retry: "never" },
    };
    const ran = await world.run("deploy", "production");
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("Refused: r2 is held: it leaks");
    expect(ran.err).toContain("deploy a fix");
  });

  test("a port that another environment holds is refused before anything is uploaded", async () => {
    const world = project();
    world.plane.views = [resting({ environment: "shop/staging" })];
    const ran = await world.run("deploy", "production");
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("api of shop/staging listens on port 8080");
    expect(world.plane.uploads.size).toBe(0);
  });

  test("the same files give the same release", async () => {
    const world = project();
    await world.run("deploy", "production", "--detach");
    await world.run("deploy", "production", "--detach");
    const [first, second] = world.plane.releases;
    expect(second).toEqual(first);
    expect(world.plane.uploads.size).toBe(1);
  });

  test("a spec with problems shows all of them and ends with 2", async () => {
    const world = project();
    mkdirSync(path.join(world.cwd, "bad"));
    writeFileSync(
      path.join(world.cwd, "windlass.system.yaml"),
      SPEC.replace("command:", "comand:").replace("8080", "eighty"),
    );
    const ran = await world.run("deploy", "production");
    expect(ran.code).toBe(2);
    expectGolden("deploy bad spec", ran.err);
  });
});

test("status --follow attaches again", async () => {
  const world = project();
  world.plane.views = [canary()];
  world.plane.updates = [finished("succeeded", { current: R2, before: R1 })];
  const ran = await world.run("status", "production", "--follow");
  expect(ran.code).toBe(0);
  expect(ran.out).toContain("d2 is done");
});

import { describe, expect, test } from "vitest";
import type { EnvironmentView } from "../../src/engine/view.js";
import { expectGolden } from "./golden.js";
import { canary, group, NOW, R1, R2, replica, resting, service } from "./views.js";
import { World } from "./world.js";

const crash = {
  code: 1,
  signal: null,
  reason: "exited" as const,
  message: "exited with exit code 1",
  lastLines: ["Error: no DATABASE_URL"],
};

describe("status", () => {
  const hauledBack: Partial<EnvironmentView> = {
    deployment: {
      ...canary().deployment,
      id: "d2",
      kind: "deploy",
      from: R1,
      to: R2,
      by: "user:ada",
      reason: null,
      startedAt: NOW - 60_000,
      finishedAt: NOW - 5_000,
      outcome: "rolled-back",
      goingBack: true,
      paused: null,
      cause: {
        kind: "verdict",
        service: "api",
        sentence: "9 errors in 40 requests (22.5 %)",
        exit: null,
        judgement: null,
      },
    },
    holds: [{ revision: R2, reason: "9 errors in 40 requests (22.5 %)", by: "engine", at: NOW }],
  };
  const states = {
    "nothing yet": [],
    "at rest": [resting()],
    "in a cluster where somebody changed things": [
      resting({
        cluster: { context: "shop-production", namespace: "shop" },
        services: [service({ url: "https://shop.example.com" })],
        resources: {},
        drift: [
          {
            object: "Deployment/api-1a2b3c4d5e",
            field: "spec.replicas",
            wanted: "2",
            found: "5",
            by: "kubectl",
            healed: true,
            at: NOW - 90_000,
          },
          {
            object: "PodDisruptionBudget/api",
            field: "",
            wanted: "there",
            found: "gone",
            by: null,
            healed: false,
            at: NOW - 3_600_000,
          },
        ],
      }),
    ],
    "canary in progress": [canary()],
    "hauled back and held": [
      resting({
        before: null,
        ...hauledBack,
      }),
    ],
    "taken down after it was hauled back": [
      resting({
        current: null,
        before: null,
        services: [],
        resources: {},
        ...hauledBack,
      }),
    ],
    "paused, the target is away": [
      canary({
        targetProblem: "the daemon does not answer",
        deployment: {
          ...(canary().deployment ?? expect.fail()),
          paused: { by: "user:bob", reason: "lunch", at: NOW },
        },
        next: { id: "d3", to: { id: "r3", label: "1.2.0-ccccccc" } },
      }),
    ],
    "replicas in trouble": [
      canary({
        services: [
          service({
            groups: [
              group(R1, { weight: 100, weightInForce: 100 }),
              group(R2, {
                role: "new",
                ready: 0,
                asked: 1,
                weight: 0,
                weightInForce: 0,
                replicas: [replica("api-r2-1", { phase: "backoff", restarts: 3, crashLoop: true, lastExit: crash })],
              }),
            ],
            stage: { number: 1, of: 3, share: 10, observingSince: null, minMs: 120_000, maxMs: 240_000 },
          }),
        ],
      }),
    ],
    "two builds of a dirty tree": [
      resting({
        services: [
          service({
            groups: [
              group({ id: "r3", label: "1.0.0-aaaaaaa-dirty" }),
              group({ id: "r4", label: "1.0.0-aaaaaaa-dirty" }, { role: "new", weight: 0, weightInForce: 0 }),
            ],
          }),
        ],
      }),
    ],
    "two environments, an old group kept": [
      resting({ environment: "shop/staging" }),
      resting({
        current: R2,
        before: R1,
        services: [
          service({
            groups: [
              group(R2),
              group(R1, { role: "kept", weight: 0, weightInForce: 0, inFlight: 1, removeAt: NOW + 90_000 }),
            ],
          }),
        ],
      }),
    ],
  };

  for (const [name, views] of Object.entries(states))
    test(name, async () => {
      const world = new World();
      world.plane.views = views;
      const ran = await world.run("status");
      expect(ran.code).toBe(0);
      expectGolden(`status ${name}`, ran.out);
    });

  test("without UTF-8 and on a narrow terminal it still fits", async () => {
    const world = new World();
    world.plane.views = [canary()];
    world.terminal = { live: true, colour: false, unicode: false, columns: () => 40, rows: () => 24 };
    const ran = await world.run("status");
    const [block = ""] = ran.out.split("\n\nNext:");
    expect(Math.max(...block.split("\n").map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(/^[ -~\n]*$/.test(ran.out)).toBe(true);
    expectGolden("status narrow ascii", ran.out);
  });

  test("as JSON it is one object with the views", async () => {
    const world = new World();
    world.plane.views = [resting()];
    const ran = await world.run("status", "--json");
    expect(JSON.parse(ran.out)).toEqual({ environments: JSON.parse(JSON.stringify([resting()])) });
  });

  test("an unknown environment is answered with the nearest one", async () => {
    const world = new World();
    world.plane.views = [resting()];
    const ran = await world.run("status", "prodution");
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('did you mean "production"?');
  });

  test("several environments have to be named", async () => {
    const world = new World();
    world.plane.views = [resting(), resting({ environment: "shop/staging" })];
    const ran = await world.run("why");
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("shop/production, shop/staging");
  });
});

test("why is one sentence, and what would change it", async () => {
  const world = new World();
  world.plane.views = [canary()];
  expectGolden("why canary", (await world.run("why")).out);
  world.plane.views = [resting()];
  expectGolden("why at rest", (await world.run("why", "production")).out);
});

test("why says what somebody else changed", async () => {
  const world = new World();
  const gone = {
    object: "Service/api",
    field: "",
    wanted: "there",
    found: "gone",
    by: null,
    healed: true,
    at: NOW - 5_000,
  };
  world.plane.views = [resting({ drift: Array.from({ length: 7 }, () => gone) })];
  expectGolden("why drift", (await world.run("why", "production")).out);
  const { drift } = JSON.parse((await world.run("why", "production", "--json")).out) as { drift: unknown[] };
  expect(drift).toHaveLength(7);
});

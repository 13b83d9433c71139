import { describe, expect, test } from "vitest";
import { canary, Tale } from "../../../test/rules/tale.js";
import type { CompiledEnvironment, CompiledService } from "../../spec/compiled.js";
import type { Observation } from "../model/observation.js";
import type { EnvironmentState } from "../model/state.js";
import { scaledTo, sizeBeside } from "./autoscaling.js";
import { desired } from "./desired.js";
import { emptyEnvironment } from "./evolve.js";

const SCALING = { min: 3, max: 10, cpu: 0.7, memory: null, upMs: 60_000, downMs: 300_000 };

function scaled(environment: CompiledEnvironment, scaling = SCALING): CompiledEnvironment {
  const web = environment.services.web as CompiledService;
  return { ...environment, services: { web: { ...web, replicas: scaling.min, scaling } } };
}

describe("a service that an autoscaler moves", () => {
  test("has a range once it has settled, and a number while its first group comes up", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", scaled(canary("1")));
    await tale.until(({ services }) => services.web?.rollout !== null && services.web !== undefined);
    expect(typeof desired(tale.state).services.web?.groups.r1?.replicas).toBe("number");
    await tale.over();
    expect(desired(tale.state).services.web?.groups.r1?.replicas).toEqual({ min: 3, max: 10 });
    expect(desired(tale.state).services.web?.scaling).toEqual(SCALING);
  });

  test("what `windlass scale` asks for is the least there is", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", scaled(canary("1")));
    await tale.over();
    await tale.ask({ kind: "scale", service: "web", replicas: 5 });
    expect(desired(tale.state).services.web?.groups.r1?.replicas).toEqual({ min: 5, max: 10 });
  });

  test("while a canary is beside it the old group may grow, and the canary has a number", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", scaled(canary("1")));
    await tale.over();
    await tale.deploy("v2", scaled(canary("2")));
    await tale.until(({ services }) => (services.web?.weights.r2 ?? 0) > 0);
    const groups = desired(tale.state).services.web?.groups;
    expect(groups?.r1?.replicas).toEqual({ min: 3, max: 10 });
    expect(groups?.r2?.replicas).toBe(1);
  });

  test("a rollout begins with what the autoscaler left, inside the range that the new revision allows", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", scaled(canary("1")));
    const { revisions, services } = await tale.over();
    const state: EnvironmentState = { ...emptyEnvironment("shop/production"), revisions, services };
    expect(scaledTo(state, "web", "r1", seen(7))).toBe(7);
    expect(scaledTo(state, "web", "r1", seen(30))).toBe(10);
    expect(scaledTo(state, "web", "r1", null)).toBe(3);
    expect(scaledTo(state, "web", null, seen(7))).toBeNull();
    expect([undefined, 7, 30].map((left) => sizeBeside(state, "web", "r1", left))).toEqual([3, 7, 10]);
  });
});

function seen(replicas: number): Observation {
  const replica = {
    phase: "ready",
    restarts: 0,
    crashLoop: false,
    lastExit: null,
    probe: null,
    port: null,
    pid: null,
  } as const;
  const group = {
    digest: "sha256:0",
    replicas: Array.from({ length: replicas }, (_, index) => ({ ...replica, id: `web-${index}` })),
    inFlight: 0,
    problem: null,
  };
  const web = { groups: { r1: group }, weights: { r1: 100 }, routed: [], port: null };
  return { seenAt: 0, applied: null, services: { web }, tasks: {}, resources: {} };
}

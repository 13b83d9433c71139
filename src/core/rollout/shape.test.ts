import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Strategy } from "../../spec/compiled.js";
import { hasArrived, isBack, type Shape, type ShapeInput, sameShape, stepBack, stepForward } from "./shape.js";

const canary: Strategy = { kind: "canary", stages: [], routes: [], sticky: null, keepOldMs: 0 };
const header = { kind: "header", name: "x-canary", value: "1", mode: "exact" } as const;

function input(now: Shape, changes: Partial<ShapeInput> = {}): ShapeInput {
  const count = (group: string) => now.groups[group] ?? 0;
  return {
    from: "r1",
    to: "r2",
    hasPort: true,
    fromHasPort: true,
    strategy: canary,
    size: 3,
    fromSize: 3,
    ready: { from: count("r1"), to: count("r2") },
    present: { from: count("r1"), to: count("r2") },
    now,
    inForce: true,
    ...changes,
  };
}

const stable: Shape = { groups: { r1: 3 }, weights: { r1: 100 }, routed: null };

test("a worker that becomes a service: its new group gets everything once it is whole, then the old one goes", () => {
  const strategy: Strategy = { kind: "rolling", maxSurge: 1, maxUnavailable: 0, observeMs: 0 };
  const change = { fromHasPort: false, strategy };
  const worker: Shape = { groups: { r1: 3 }, weights: {}, routed: null };
  const asked = stepForward(input(worker, change), 100);
  expect(asked).toEqual({ groups: { r1: 3, r2: 3 }, weights: {}, routed: null });
  const serving = stepForward(input(asked, change), 100);
  expect(serving).toEqual({ groups: { r1: 3, r2: 3 }, weights: { r2: 100 }, routed: null });
  expect(stepForward(input(serving, { ...change, inForce: false }), 100)).toBe(serving);
  expect(stepForward(input(serving, change), 100).groups).toEqual({ r1: 0, r2: 3 });
});

describe("a canary", () => {
  test("first gets the replicas that its share needs, then the share", () => {
    const asked = stepForward(input(stable), 20);
    expect(asked).toEqual({ groups: { r1: 3, r2: 1 }, weights: { r1: 100 }, routed: null });
    const waiting = input(asked, { ready: { from: 3, to: 0 } });
    expect(stepForward(waiting, 20)).toBe(asked);
    expect(stepForward(input(asked), 20).weights).toEqual({ r2: 20, r1: 80 });
  });

  test("has its routes as soon as one replica is ready, and loses them first on the way back", () => {
    const strategy = { ...canary, routes: [header] };
    const asked: Shape = { groups: { r1: 3, r2: 2 }, weights: { r1: 100 }, routed: null };
    const routed = stepForward(input(asked, { strategy, ready: { from: 3, to: 1 } }), 50);
    expect(routed).toMatchObject({ routed: "r2", weights: { r1: 100 } });
    expect(stepBack(input(routed, { strategy }))).toMatchObject({ routed: null, groups: { r2: 1 } });
  });

  test("whose stable was scaled to nothing has nothing to share requests with", () => {
    const empty: Shape = { groups: { r1: 0, r2: 3 }, weights: { r1: 100 }, routed: null };
    const next = stepForward(input(empty), 20);
    expect(next.weights).toEqual({ r2: 100 });
    expect(hasArrived(input(next), 20)).toBe(true);
  });

  test("of a service that is scaled to nothing ends with nothing", () => {
    const now: Shape = { groups: { r1: 0, r2: 0 }, weights: { r1: 100 }, routed: null };
    const next = stepForward(input(now, { size: 0, fromSize: 0 }), 20);
    expect(hasArrived(input(next, { size: 0, fromSize: 0 }), 20)).toBe(true);
    const back = stepBack(input(next, { size: 0, fromSize: 0 }));
    expect(isBack(input(back, { size: 0, fromSize: 0 }))).toBe(true);
  });
});

describe("rolling", () => {
  const rolling: Strategy = { kind: "rolling", maxSurge: 1, maxUnavailable: 0, observeMs: 0 };

  test("keeps the last old replica until its weight is gone in force", () => {
    const now: Shape = { groups: { r1: 1, r2: 3 }, weights: { r1: 100 }, routed: null };
    const moved = stepForward(input(now, { strategy: rolling }), 100);
    expect(moved).toEqual({ groups: { r1: 1, r2: 3 }, weights: { r2: 100 }, routed: null });
    expect(stepForward(input(moved, { strategy: rolling, inForce: false }), 100)).toBe(moved);
    expect(stepForward(input(moved, { strategy: rolling }), 100).groups).toEqual({ r1: 0, r2: 3 });
  });

  test("an old group of which nothing is ready keeps no requests from the new one", () => {
    const now: Shape = { groups: { r1: 3, r2: 1 }, weights: { r1: 100 }, routed: null };
    const next = stepForward(input(now, { strategy: rolling, ready: { from: 0, to: 1 } }), 100);
    expect(next.weights).toEqual({ r2: 100 });
  });

  test("one replica without surge stops first, forth and back", () => {
    const strategy: Strategy = { kind: "rolling", maxSurge: 0, maxUnavailable: 1, observeMs: 0 };
    const one = { strategy, size: 1, fromSize: 1 };
    const now: Shape = { groups: { r1: 0, r2: 1 }, weights: { r2: 100 }, routed: null };
    const silent = stepBack(input(now, one));
    expect(silent).toEqual({ groups: { r1: 0, r2: 1 }, weights: {}, routed: null });
    const stopped = stepBack(input(silent, one));
    expect(stopped.groups).toEqual({ r1: 0, r2: 0 });
    expect(stepBack(input(stopped, { ...one, present: { from: 0, to: 1 } }))).toBe(stopped);
    expect(stepBack(input(stopped, one)).groups).toEqual({ r1: 1, r2: 0 });
  });
});

const strategies: fc.Arbitrary<Strategy> = fc.oneof(
  fc.constant(canary),
  fc.constant<Strategy>({ kind: "blue-green", smoke: [], observeMs: 0, keepOldMs: 0 }),
  fc
    .record({ maxSurge: fc.integer({ min: 0, max: 3 }), maxUnavailable: fc.integer({ min: 0, max: 3 }) })
    .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0)
    .map((counts): Strategy => ({ kind: "rolling", observeMs: 0, ...counts })),
);
const journeys = fc.record({
  strategy: strategies,
  hasPort: fc.boolean(),
  size: fc.integer({ min: 0, max: 7 }),
  fromSize: fc.integer({ min: 0, max: 7 }),
  share: fc.integer({ min: 1, max: 100 }),
  turnsAfter: fc.integer({ min: 0, max: 12 }),
});
type Journey = typeof journeys extends fc.Arbitrary<infer T> ? T : never;

/** Everything becomes ready and in force between two steps. */
function forward(journey: Journey, steps: number): Shape {
  const { strategy, size, fromSize } = journey;
  const hasPort = journey.hasPort || strategy.kind !== "rolling";
  let now: Shape = { groups: { r1: fromSize }, weights: hasPort ? { r1: 100 } : {}, routed: null };
  for (let step = 0; step < steps; step++)
    now = stepForward(
      input(now, { strategy, hasPort, size, fromSize }),
      strategy.kind === "canary" ? journey.share : 100,
    );
  return now;
}

test("going forth arrives, for every strategy and size", () => {
  fc.assert(
    fc.property(journeys, (journey) => {
      const { strategy, size, fromSize } = journey;
      const hasPort = journey.hasPort || strategy.kind !== "rolling";
      const share = strategy.kind === "canary" ? journey.share : 100;
      expect(hasArrived(input(forward(journey, 60), { strategy, hasPort, size, fromSize }), share)).toBe(true);
    }),
  );
});

test("turning at any moment comes back whole; the new group's weight never rises on the way", () => {
  fc.assert(
    fc.property(journeys, (journey) => {
      const { strategy, size, fromSize } = journey;
      const hasPort = journey.hasPort || strategy.kind !== "rolling";
      let now = forward(journey, journey.turnsAfter);
      for (let step = 0; step < 60; step++) {
        const next = stepBack(input(now, { strategy, hasPort, size, fromSize }));
        expect(next.weights.r2 ?? 0).toBeLessThanOrEqual(now.weights.r2 ?? 0);
        if (sameShape(next, now)) break;
        now = next;
      }
      expect(isBack(input(now, { strategy, hasPort, size, fromSize }))).toBe(true);
      expect([now.groups.r1, now.groups.r2 ?? 0]).toEqual([fromSize, 0]);
    }),
  );
});

test("weights are whole numbers that sum to 100, or none, whatever is ready", () => {
  fc.assert(
    fc.property(journeys, fc.nat({ max: 7 }), fc.nat({ max: 7 }), fc.boolean(), (journey, from, to, back) => {
      const { strategy, size, fromSize } = journey;
      const now = forward(journey, journey.turnsAfter);
      const ready = { from: Math.min(from, now.groups.r1 ?? 0), to: Math.min(to, now.groups.r2 ?? 0) };
      const hasPort = journey.hasPort || strategy.kind !== "rolling";
      const seen = input(now, { strategy, hasPort, size, fromSize, ready });
      const { weights } = back ? stepBack(seen) : stepForward(seen, journey.share);
      const values = Object.values(weights);
      expect(values.every(Number.isInteger)).toBe(true);
      if (values.length > 0) expect(values.reduce((sum, value) => sum + value, 0)).toBe(100);
    }),
  );
});

test("a first deployment goes to 100 % when it is whole, and back to nothing when it fails", () => {
  const first = { from: null, fromSize: 0 };
  const asked = stepForward(input({ groups: {}, weights: {}, routed: null }, first), 100);
  expect(asked).toEqual({ groups: { r2: 3 }, weights: {}, routed: null });
  expect(stepForward(input(asked, { ...first, ready: { from: 0, to: 2 } }), 100)).toBe(asked);
  const whole = stepForward(input(asked, first), 100);
  expect(whole.weights).toEqual({ r2: 100 });
  const silent = stepBack(input(whole, first));
  expect(silent).toEqual({ groups: { r2: 3 }, weights: {}, routed: null });
  expect(isBack(input(stepBack(input(silent, first)), first))).toBe(true);
});

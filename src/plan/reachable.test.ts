import fc from "fast-check";
import { expect, test } from "vitest";
import { stepForward } from "../core/rollout/shape.js";
import { reachable, reachableShares } from "./reachable.js";

const stage = (share: number) => ({ share, minMs: 0, maxMs: 0 });

test("a small service reaches few shares, and the last one always", () => {
  expect(reachable(10, 3)).toEqual({ asked: 10, share: 25, fresh: 1, all: 4 });
  expect(reachable(50, 3)).toEqual({ asked: 50, share: 40, fresh: 2, all: 5 });
  expect(reachable(10, 100)).toMatchObject({ share: 9, fresh: 10 });
  expect(reachable(10, 1)).toMatchObject({ share: 50, fresh: 1, all: 2 });
  expect(reachable(100, 3)).toEqual({ asked: 100, share: 100, fresh: 3, all: 3 });
  // Nothing old to share with, or nothing new that could: all at once.
  expect([reachable(10, 3, 0).share, reachable(10, 0).share]).toEqual([100, 100]);
});

test("it is told in one line, and not at all where it makes no difference", () => {
  expect(reachableShares([stage(10), stage(50), stage(100)], 3)).toBe(
    "10 % is 25 % here: 1 of 4 replicas; 50 % is 40 %: 2 of 5",
  );
  expect(reachableShares([stage(10)], 1, 9)).toBeNull();
});

test("it is what a rollout does", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 99 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      (share, size, old) => {
        const shape = stepForward(
          {
            from: "r1",
            to: "r2",
            hasPort: true,
            fromHasPort: true,
            strategy: { kind: "canary", stages: [stage(share)], routes: [], sticky: null, keepOldMs: 0 },
            size,
            fromSize: old,
            ready: { from: old, to: 0 },
            present: { from: old, to: 0 },
            now: { groups: { r1: old }, weights: { r1: 100 }, routed: null },
            inForce: true,
          },
          share,
        );
        const found = reachable(share, size, old);
        expect(shape.groups).toEqual({ r1: old, r2: found.fresh });
        expect(found.all).toBe(old + found.fresh);
        expect(found.share).toBe(Math.round((100 * found.fresh) / found.all));
      },
    ),
    { seed: 20_261_128 },
  );
});

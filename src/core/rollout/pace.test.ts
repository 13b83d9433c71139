import fc from "fast-check";
import { expect, test } from "vitest";
import { nextPace, shareByReplicas } from "./pace.js";

/** A spec's percentages as the compiler makes counts of them: surge up, unavailable down. */
const limits = fc
  .record({
    size: fc.integer({ min: 0, max: 23 }),
    before: fc.integer({ min: 0, max: 23 }),
    surge: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(10, 25, 33, 50, 100)),
    unavailable: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(10, 25, 33, 50, 100)),
  })
  .map(({ size, before, surge, unavailable }) => ({
    size,
    before,
    maxSurge: surge >= 10 ? Math.ceil((surge * size) / 100) : surge,
    maxUnavailable: unavailable >= 10 ? Math.floor((unavailable * size) / 100) : unavailable,
  }))
  .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0);

test("surge is never exceeded and no ready replica below the floor is taken, whatever is ready when", () => {
  fc.assert(
    fc.property(limits, fc.array(fc.nat({ max: 4 }), { maxLength: 40 }), (of, readiness) => {
      let growing = 0;
      let shrinking = of.before;
      let growingReady = 0;
      let shrinkingPresent = of.before;
      for (const some of readiness) {
        const floor = Math.min(of.size - of.maxUnavailable, growingReady + shrinking);
        const next = nextPace({ ...of, growing, growingReady, shrinking, shrinkingPresent });
        expect(next.growing).toBeGreaterThanOrEqual(growing);
        expect(next.shrinking).toBeLessThanOrEqual(shrinking);
        if (next.growing > growing) expect(next.growing + shrinking).toBeLessThanOrEqual(of.size + of.maxSurge);
        if (next.shrinking < shrinking)
          expect(growingReady + next.shrinking).toBeGreaterThanOrEqual(Math.max(0, floor));
        if (of.maxSurge === 0 && next.growing > growing)
          expect(next.growing + shrinkingPresent).toBeLessThanOrEqual(of.size);
        ({ growing, shrinking } = next);
        growingReady = Math.max(0, Math.min(growing, growingReady + some - 1));
        shrinkingPresent = Math.max(shrinking, shrinkingPresent - some);
      }
    }),
  );
});

test("it always ends when replicas become ready and old processes go, in a bounded number of steps", () => {
  fc.assert(
    fc.property(limits, (of) => {
      let growing = 0;
      let shrinking = of.before;
      let steps = 0;
      for (; (growing < of.size || shrinking > 0) && steps < 200; steps++)
        ({ growing, shrinking } = nextPace({
          ...of,
          growing,
          growingReady: growing,
          shrinking,
          shrinkingPresent: shrinking,
        }));
      expect({ growing, shrinking }).toEqual({ growing: of.size, shrinking: 0 });
      expect(steps).toBeLessThanOrEqual(2 * (of.size + of.before) + 2);
    }),
  );
});

test("a group that never becomes ready takes no more than what may be unavailable", () => {
  fc.assert(
    fc.property(limits, (of) => {
      let growing = 0;
      let shrinking = of.size;
      for (let step = 0; step < 60; step++)
        ({ growing, shrinking } = nextPace({
          ...of,
          growing,
          growingReady: 0,
          shrinking,
          shrinkingPresent: shrinking,
        }));
      expect(shrinking).toBeGreaterThanOrEqual(Math.max(0, of.size - of.maxUnavailable));
    }),
  );
});

test.each([
  [0, 3, 0],
  [1, 2, 33],
  [1, 1, 50],
  [3, 0, 100],
  [0, 0, 0],
])("%i ready new ones beside %i old ones carry %i percent", (ready, old, share) => {
  expect(shareByReplicas(ready, old)).toBe(share);
});

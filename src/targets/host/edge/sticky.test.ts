import fc from "fast-check";
import { expect, test } from "vitest";
import { groupAt, POINTS, pointFor, pointOf, type Sticky, setCookieOf, stickyOf } from "./sticky.js";

const at = (canary: number): Sticky => {
  const sticky = stickyOf({ sticky: { cookie: "w", ttlMs: 60_000 }, weights: { r1: 100 - canary, r2: canary } }, [
    "r1",
    "r2",
  ]);
  if (sticky === null) throw new Error("no stickiness");
  return sticky;
};
const share = fc.integer({ min: 1, max: 99 });

test("the share of all clients is the weight", () => {
  for (const canary of [1, 10, 50, 99]) {
    const clients = Array.from({ length: POINTS }, (_, point) => groupAt(at(canary), point));
    expect(clients.filter((group) => group === 1).length).toBe(canary * 100);
  }
});

test("when the canary's weight rises its clients stay, and stable's move only into the canary", () => {
  fc.assert(
    fc.property(share, share, fc.integer({ min: 0, max: POINTS - 1 }), (one, other, point) => {
      const before = at(Math.min(one, other));
      const after = at(Math.max(one, other));
      if (groupAt(before, point) === 1) expect(groupAt(after, point)).toBe(1);
    }),
  );
});

test("clients on stable stay there too: with the same weights everyone stays, for any number of visits (rule 14)", () => {
  fc.assert(
    fc.property(
      share,
      fc.integer({ min: 0, max: 1 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (canary, group, random) => {
        const sticky = at(canary);
        const point = pointFor(sticky, group, random);
        expect(groupAt(sticky, point)).toBe(group);
        expect(pointOf(String(point).padStart(4, "0"))).toBe(point);
      },
    ),
  );
});

test("it is not the same clients who are first in every rollout", () => {
  const next = stickyOf({ sticky: { cookie: "w", ttlMs: 1 }, weights: { r2: 90, r3: 10 } }, ["r2", "r3"]);
  const firsts = (sticky: Sticky | null) =>
    new Set(
      Array.from({ length: POINTS }, (_, point) => point).filter((point) => sticky && groupAt(sticky, point) === 1),
    );
  const before = firsts(at(10));
  const again = [...firsts(next)].filter((point) => before.has(point));
  expect(again.length).toBeLessThan(1_000);
});

test("a cookie that is not ours is none", () => {
  for (const value of [null, "", "r2", "12345", "-123", "12a4"]) expect(pointOf(value)).toBeNull();
});

test("the cookie is out of reach of scripts, and of plain HTTP when the service speaks HTTPS", () => {
  expect(setCookieOf(at(10), 7, false)).toBe("w=0007; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
  expect(setCookieOf(at(10), 7, true)).toMatch(/; Secure$/);
});

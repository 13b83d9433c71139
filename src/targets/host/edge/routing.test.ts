import fc from "fast-check";
import { expect, test } from "vitest";
import { serviceOf } from "../../../../test/edge/story.js";
import { readCookie } from "./cookie.js";
import { decide, routingOf } from "./routing.js";

const half = () => 0.5;

test("a header route and a cookie route decide before the weights do, and take no slot", () => {
  const routing = routingOf(
    serviceOf({
      weights: { r1: 100, r2: 0 },
      groups: { r1: [], r2: [] },
      routes: [
        { match: { kind: "header", name: "X-Canary", value: "yes", mode: "exact" }, group: "r2" },
        { match: { kind: "header", name: "user-agent", value: "Tester", mode: "contains" }, group: "r2" },
        { match: { kind: "cookie", name: "beta", value: "1" }, group: "r2" },
      ],
    }),
  );
  const to = (headers: Record<string, string>) => decide(routing, 0, headers, half);
  expect(to({ "x-canary": "yes" })).toEqual({ group: 1, point: null, dealt: false });
  expect(to({ "user-agent": "Big Tester/1" })?.group).toBe(1);
  expect(to({ cookie: "a=2; beta=1" })?.group).toBe(1);
  expect(to({ "x-canary": "yes, please", cookie: "beta=11; xbeta=1" })).toEqual({ group: 0, point: null, dealt: true });
});

test("without weights nothing is decided, not even by a route: the request is held", () => {
  const routing = routingOf(
    serviceOf({
      weights: {},
      groups: { r1: [] },
      routes: [{ match: { kind: "cookie", name: "a", value: "b" }, group: "r1" }],
    }),
  );
  expect(decide(routing, 0, { cookie: "a=b" }, half)).toBeNull();
});

test("a group without weight and without route never gets anything", () => {
  const routing = routingOf(serviceOf({ weights: { r1: 60, r2: 0, r3: 40 }, groups: { r1: [], r2: [], r3: [] } }));
  fc.assert(fc.property(fc.nat(), (cursor) => decide(routing, cursor, {}, half)?.group !== 1));
});

test("with stickiness a new client is dealt by the schedule and gets a point of that group; it comes back to it", () => {
  const routing = routingOf(
    serviceOf({ weights: { r1: 90, r2: 10 }, groups: { r1: [], r2: [] }, sticky: { cookie: "w", ttlMs: 1_000 } }),
  );
  for (let cursor = 0; cursor < 100; cursor++) {
    const first = decide(routing, cursor, {}, Math.random);
    const cookie = `w=${String(first?.point).padStart(4, "0")}`;
    for (const later of [0, 1, 50, 99])
      expect(decide(routing, later, { cookie }, Math.random)).toEqual({
        group: first?.group,
        point: null,
        dealt: false,
      });
  }
});

test("cookies are read as browsers send them", () => {
  expect(readCookie("a=1; b=2", "b")).toBe("2");
  expect(readCookie('a=1;b="2"; b=3', "b")).toBe("2");
  expect(readCookie("ab=1; flag; b=x=y", "b")).toBe("x=y");
  expect(readCookie("flag; ; =;", "b")).toBeNull();
  expect(readCookie(undefined, "b")).toBeNull();
});

import { describe, expect, test } from "vitest";
import { traffic } from "../../../../test/contract/intents.js";
import type { RouteSeen } from "../seen/route.js";
import { type WeightsInput, weightsInForce } from "./weights.js";

const route = (weights: Record<string, number>, changes: Partial<RouteSeen> = {}): RouteSeen => ({
  uid: "u",
  owner: "shop/production",
  shape: "s",
  deleting: false,
  service: "web",
  redirects: false,
  rules: [{ matched: false, backends: weights }],
  accepted: true,
  refusal: null,
  ...changes,
});

const input = (changes: Partial<WeightsInput>): WeightsInput => ({
  traffic: traffic({ r1: 90, r2: 10 }),
  kind: "gateway",
  route: route({ "web-1": 90, "web-2": 10 }),
  groupOf: (backend) => backend.replace("web-", "r"),
  ready: () => 1,
  endpoints: () => 1,
  shared: () => 1,
  ...changes,
});

describe("weights by a gateway", () => {
  test("are those of the route once it is accepted", () => {
    expect(weightsInForce(input({}))).toEqual({ weights: { r1: 90, r2: 10 }, routed: [] });
  });

  test("are unknown while nobody has accepted this generation", () => {
    expect(weightsInForce(input({ route: route({ "web-1": 100 }, { accepted: false }) }))).toEqual({
      weights: null,
      routed: null,
    });
  });

  test("are unknown while a group's Service has no pod that is ready", () => {
    expect(weightsInForce(input({ endpoints: (group) => (group === "r2" ? 0 : 1) })).weights).toBeNull();
  });

  test("of a group without a ready pod do not wait for endpoints: a bad stable must not block the fix", () => {
    const bad = {
      endpoints: (group: string) => (group === "r1" ? 0 : 1),
      ready: (group: string) => (group === "r1" ? 0 : 1),
    };
    expect(weightsInForce(input(bad)).weights).toEqual({ r1: 90, r2: 10 });
  });

  test("a rule that matches headers leads to a group, and has no weight", () => {
    const routes = [{ match: { kind: "header", name: "x-canary", value: "1", mode: "exact" }, group: "r2" }] as const;
    const rules = [
      { matched: true, backends: { "web-2": 1 } },
      { matched: false, backends: { "web-1": 100 } },
    ];
    const found = weightsInForce(input({ traffic: traffic({ r1: 100 }, { routes }), route: route({}, { rules }) }));
    expect(found).toEqual({ weights: { r1: 100 }, routed: ["r2"] });
  });

  test("without a route nobody has requests", () => {
    expect(weightsInForce(input({ route: undefined }))).toEqual({ weights: {}, routed: [] });
  });
});

describe("weights by replicas", () => {
  const shared = (counts: Record<string, number>) => (group: string) => counts[group] ?? 0;

  test("are reached when the groups that should have requests are those that have endpoints", () => {
    expect(weightsInForce(input({ kind: "replicas", shared: shared({ r1: 3, r2: 1 }) })).weights).toEqual({
      r1: 90,
      r2: 10,
    });
  });

  test("are what the endpoints are while a group still has some that should have none", () => {
    const aborted = input({ kind: "replicas", traffic: traffic({ r1: 100, r2: 0 }), shared: shared({ r1: 3, r2: 1 }) });
    expect(weightsInForce(aborted).weights).toEqual({ r1: 75, r2: 25 });
  });

  test("are not reached while the new group has no endpoint yet", () => {
    expect(weightsInForce(input({ kind: "replicas", shared: shared({ r1: 3 }) })).weights).toEqual({ r1: 100 });
  });
});

test("beside an adopted Deployment the larger share has every request, and that is in force", () => {
  const shared = (group: string) => (group === "r1" ? 3 : 0);
  const asked = { kind: "replicas", traffic: traffic({ r1: 75, r2: 25 }), shared } as const;
  expect(weightsInForce(input({ ...asked, alone: "r1" })).weights).toEqual({ r1: 75, r2: 25 });
  // Its Service has changed, and has no endpoint of the other group yet.
  expect(weightsInForce(input({ ...asked, alone: "r2" })).weights).toEqual({ r1: 100 });
});

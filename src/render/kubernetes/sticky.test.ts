import fc from "fast-check";
import { expect, test } from "vitest";
import { GATEWAY, group, intentOf, settings, traffic, workload } from "../../../test/fixtures/intents/cluster.js";
import { serviceScope } from "./scope.js";
import { stickyBackends, stickyRules } from "./sticky.js";

function dealt(stable: number) {
  const weights = { r1: stable, r2: 100 - stable };
  const of = traffic(weights, { sticky: { cookie: "windlass-group", ttlMs: 3_600_000 } });
  const groups = { r1: group("r1", workload("web", "1")), r2: group("r2", workload("web", "2")) };
  const intent = intentOf(settings(GATEWAY), { web: { groups, traffic: of } });
  const scope = serviceScope({ environment: "shop/production", intent, secrets: null }, "web", { groups, traffic: of });
  const rules = stickyRules(scope, of).map(({ header, group: to }) => ({
    id: to.id,
    matches: new RegExp(String(header.value)),
  }));
  const groupOf = (cookie: string) => rules.filter(({ matches }) => matches.test(cookie)).map(({ id }) => id);
  return { groupOf, backends: stickyBackends(scope, of) ?? [] };
}

const points = Array.from({ length: 100 }, (_, hundred) => `${String(hundred).padStart(2, "0")}50`);

test("every point belongs to one group, and each group has as many as its weight says", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), (stable) => {
      const { groupOf } = dealt(stable);
      const owners = points.map((point) => groupOf(`theme=dark; windlass-group=${point}; lang=en`));
      expect(owners.every((found) => found.length === 1)).toBe(true);
      expect(owners.filter(([id]) => id === "r1")).toHaveLength(stable);
    }),
    { seed: 7 },
  );
});

test("a new client gets a point of the group that it is dealt to; the weights are what they were", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), (stable) => {
      const { groupOf, backends } = dealt(stable);
      expect(backends.length).toBeLessThanOrEqual(16);
      for (const { group: to, cookie } of backends) expect(groupOf(cookie.split(";")[0] ?? "")).toEqual([to.id]);
      const sum = (id: string) =>
        backends.filter((one) => one.group.id === id).reduce((all, one) => all + one.weight, 0);
      expect([sum("r1"), sum("r2")]).toEqual([stable, 100 - stable]);
    }),
    { seed: 7 },
  );
});

test("a canary that grows keeps the clients that it has", () => {
  const before = dealt(90);
  const after = dealt(50);
  const had = points.filter((point) => before.groupOf(`windlass-group=${point}`)[0] === "r2");
  expect(had).toHaveLength(10);
  for (const point of had) expect(after.groupOf(`windlass-group=${point}`)).toEqual(["r2"]);
});

test("another cookie, or one that only ends like it, decides nothing", () => {
  const { groupOf } = dealt(50);
  for (const cookie of ["x-windlass-group=1250", "windlass-group=12", "windlass-group=12500", "windlass-group=r1"])
    expect(groupOf(cookie)).toEqual([]);
});

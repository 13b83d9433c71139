import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canary, Tale } from "../../../test/rules/tale.js";
import { checkReplay } from "../../../test/simulation/invariants.js";
import { environment, type ServiceOptions, service } from "../../../test/simulation/system.js";
import { KEY } from "../../../test/simulation/world.js";
import { type Behaviour, WELL } from "../../targets/model/behaviour.js";
import { desired } from "./desired.js";
import { emptyEnvironment } from "./evolve.js";
import { deploymentOrder } from "./order.js";

const shop = (version: string, api: ServiceOptions = {}, web: ServiceOptions = {}) =>
  environment([service("web", { version, after: ["api"], ...web }), service("api", { version, ...api })]);

describe("the order of services", () => {
  test("each comes after what it starts after, otherwise as written", () => {
    const to = environment([
      service("web", { after: ["api"] }),
      service("mail"),
      service("api", { after: ["db-proxy", "unknown"] }),
      service("db-proxy"),
    ]);
    expect(deploymentOrder(to)).toEqual(["db-proxy", "api", "web", "mail"]);
  });

  test("holds for any system without a cycle, and ends with one", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat({ max: 9 })), { maxLength: 10 }), fc.boolean(), (graph, cyclic) => {
        const services = graph.map((after, index) =>
          service(`s${index}`, { after: after.filter((other) => cyclic || other < index).map((other) => `s${other}`) }),
        );
        const order = deploymentOrder(environment(services.toReversed()));
        expect([...order].sort()).toEqual(services.map(({ name }) => name).sort());
        if (!cyclic)
          for (const { name, after } of services)
            for (const other of after) expect(order.indexOf(other)).toBeLessThan(order.indexOf(name));
      }),
    );
  });
});

describe("several services as one", () => {
  test("go in order, and all back when the last one fails", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", shop("1"));
    await tale.over();
    await tale.deploy("v2", shop("2", {}, { behaviour: "never-ready" }));
    const moved = await tale.until(({ services }) => services.web?.rollout !== null);
    expect(moved.services.api?.rollout?.phase).toBe("arrived");
    const state = await tale.over();
    expect(state.deployment).toMatchObject({ outcome: "rolled-back", cause: { kind: "not-ready", service: "web" } });
    await tale.pass(5_000);
    expect(tale.inForce("api")).toEqual({ r1: 100 });
    expect(Object.keys(tale.state.services.api?.groups ?? {})).toEqual(["r1"]);
  });

  test("one that arrived is still watched while the others follow", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", shop("1", { replicas: 1 }, { replicas: 7 }));
    await tale.over();
    await tale.deploy("v2", shop("2", { behaviour: "ends-later", replicas: 1 }, { behaviour: "slow", replicas: 7 }));
    expect((await tale.over()).deployment).toMatchObject({ outcome: "rolled-back", cause: { service: "api" } });
  });

  test("one that did not change keeps its group and its processes; its number of replicas follows", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", shop("1"));
    await tale.over();
    await tale.deploy(
      "v2",
      environment([service("web", { version: "2" }), service("api", { version: "1", replicas: 4 })]),
    );
    const state = await tale.over();
    expect(state.services.api).toMatchObject({ stable: "r1", groups: { r1: { replicas: 4 } } });
    expect(state.services.web?.stable).toBe("r2");
  });

  test("one that left the spec goes at the end, and comes back by a rollback", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", shop("1"));
    await tale.over();
    await tale.deploy("v2", environment([service("web", { version: "2" })]));
    expect(Object.keys((await tale.over()).services)).toEqual(["web"]);
    await tale.ask({ kind: "rollback", to: null, reason: null });
    expect(Object.keys((await tale.over()).services).sort()).toEqual(["api", "web"]);
  });
});

test("a service whose new release has no port any more gets its requests back when that one fails", async () => {
  const tale = await Tale.begin();
  await tale.deploy("v1", environment([service("web", { version: "1" })]));
  await tale.over();
  await tale.deploy("v2", environment([service("web", { version: "2", listen: null, behaviour: "never-ready" })]));
  expect((await tale.over()).deployment?.outcome).toBe("rolled-back");
  await tale.pass(1_000);
  expect(tale.state.services.web?.weights).toEqual({ r1: 100 });
  expect(tale.inForce()).toEqual({ r1: 100 });
});

describe("a way back that does not work", () => {
  test("never takes the last ready replicas, says that a person is needed, and lets a person deploy again", async () => {
    const fate: { -readonly [K in keyof Behaviour]: Behaviour[K] } = { ...WELL };
    const tale = await Tale.begin({ behaviourOf: ({ revision }) => (revision === "r1" ? fate : WELL) });
    await tale.deploy("v1", canary("1"));
    await tale.over();
    await tale.deploy("v2", canary("2"));
    await tale.until(({ services }) => services.web?.weights.r2 === 50);
    fate.readyAfterMs = null;
    for (const one of [0, 1]) tale.world.model.environment(KEY).crash("web", one, tale.world.now);
    await tale.ask({ kind: "abort", reason: "wrong prices" });
    const state = await tale.over();
    expect(state.deployment?.outcome).toBe("failed");
    expect(state.services.web?.stable).toBe("r2");
    expect(tale.world.model.environment(KEY).services.get("web")?.groups.get("r2")?.ready().length).toBeGreaterThan(0);

    fate.readyAfterMs = 100;
    await tale.deploy("v1", canary("1"));
    expect((await tale.over()).deployment).toMatchObject({ outcome: "succeeded", steps: [{ from: "r2", to: "r1" }] });
    await tale.pass(1_000);
    expect(tale.inForce()).toEqual({ r1: 100 });
  });
});

describe("blue-green", () => {
  const blue = (version: string, options: ServiceOptions = {}) =>
    environment([
      service("web", {
        version,
        strategy: {
          kind: "blue-green",
          smoke: [{ kind: "http", path: "/ready", status: 200, timeoutMs: 1_000 }],
          observeMs: 3_000,
          keepOldMs: 30_000,
        },
        ...options,
      }),
    ]);

  test("is checked before the switch; what fails its checks gets no request", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", blue("1"));
    await tale.over();
    await tale.deploy("v2", blue("2", { behaviour: "fails-smoke" }));
    expect((await tale.over()).deployment?.cause?.sentence).toContain("GET /ready answered 500");
    expect(Math.max(...tale.weightsOf("r2"))).toBe(0);
  });

  test("keeps the old group for the instant way back, without checks, and then removes it", async () => {
    const tale = await Tale.begin();
    for (const version of ["1", "2"]) {
      await tale.deploy(`v${version}`, blue(version));
      await tale.over();
    }
    await tale.ask({ kind: "rollback", to: null, reason: null });
    const from = tale.facts.length;
    await tale.over();
    expect(tale.types().slice(from)).not.toContain("smoke.requested@1");
    await tale.pass(40_000);
    expect(Object.keys(tale.state.services.web?.groups ?? {})).toEqual(["r1"]);
  });

  test("deployments in a row keep one old group, the last, however long each is kept", async () => {
    const tale = await Tale.begin();
    for (const version of ["1", "2", "3", "4"]) {
      await tale.deploy(`v${version}`, blue(version));
      await tale.over();
      await tale.pass(1_000);
      expect(Object.keys(tale.state.services.web?.groups ?? {}).length).toBeLessThanOrEqual(2);
    }
    expect(Object.keys(tale.state.services.web?.groups ?? {})).toEqual(["r3", "r4"]);
  });
});

test("what a target is told is a function of the state: the same after JSON and back, and after a replay", async () => {
  const tale = await Tale.begin();
  await tale.deploy("v1", shop("1"));
  await tale.over();
  await tale.deploy("v2", canary("2"));
  await tale.until(({ services }) => (services.web?.weights.r2 ?? 0) > 0);
  checkReplay(tale.world);
  const told = desired(tale.state);
  expect(JSON.parse(JSON.stringify(told))).toEqual(desired(JSON.parse(JSON.stringify(tale.state))));
  expect(told.services.web?.traffic?.weights).toEqual(tale.state.services.web?.weights);
  expect(desired(emptyEnvironment("shop/production"))).toEqual({ services: {}, resources: {}, tasks: [] });
});

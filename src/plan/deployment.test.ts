import { describe, expect, test } from "vitest";
import { apply, release, running } from "../../test/plan/deployed.js";
import { emptyEnvironment } from "../core/deployment/evolve.js";
import type { EnvironmentState } from "../core/model/state.js";
import { canonicalJson } from "../spec/canonical-json.js";
import { compile } from "../spec/compile/compile.js";
import type { CompiledEnvironment } from "../spec/compiled.js";
import { planDeployment } from "./deployment.js";
import type { Plan, ServicePlan } from "./plan.js";

type Authored = Record<string, unknown>;

const WEB: Authored = {
  command: ["node", "server.js"],
  port: 8080,
  environment: { LOG_LEVEL: "info", TOKEN: { secret: "token" } },
  probes: { readiness: { http: "/ready" } },
  replicas: 3,
};

/** The environment of a spec whose only service, `web`, differs from WEB by what is given. */
function spec(changes: Authored = {}, more: Authored = {}, name = "staging"): CompiledEnvironment {
  const compiled = compile({ name: "shop", services: { web: { ...WEB, ...changes } }, ...more });
  const environment = compiled.system?.environments[name];
  if (environment === undefined) throw new Error(JSON.stringify(compiled.problems));
  return environment;
}

function web(plan: Plan): ServicePlan {
  const found = plan.services.find((service) => service.service === "web");
  if (found === undefined) throw new Error("no web in the plan");
  return found;
}

describe("the plan of a deployment", () => {
  test("a first one is created, straight to 100 %, and needs no reason but that", () => {
    const plan = planDeployment(emptyEnvironment("shop/staging"), release("1.0.0"), spec());
    expect(plan).toMatchObject({ from: null, changes: true, obstacles: [], environment: "shop/staging" });
    expect(web(plan)).toMatchObject({ action: "create", because: ["it does not run here yet"], risk: "low" });
    expect(web(plan).how).toBe("starts 3 replicas, straight to 100 % once they are ready");
  });

  test("what runs already changes nothing", () => {
    const state = running(spec(), release("1.0.0"));
    const plan = planDeployment(state, release("1.0.0"), spec());
    expect(plan.changes).toBe(false);
    expect(web(plan)).toMatchObject({ action: "keep", how: "stays as it is", because: [] });
    expect(plan.from).toEqual({ id: "r1", label: "1.0.0-abc" });
  });

  test("says each field that differs", () => {
    const state = running(spec(), release("1.0.0"));
    const after = spec({
      command: ["node", "other server.js"],
      environment: { LOG_LEVEL: "debug", ADDED: "1", TOKEN: { secret: "token-2" } },
      probes: { readiness: { http: "/health", period: "5s" } },
      replicas: 5,
      cpu: 0.5,
      memory: "512MiB",
    });
    const { because, action } = web(planDeployment(state, release("2.0.0"), after));
    expect(action).toBe("roll-out");
    const all = because.join("\n");
    expect(all).toMatch(/^files: sha256:[0-9a-f]{12} → sha256:[0-9a-f]{12}$/m);
    expect(all).toContain('command: node server.js → node "other server.js"');
    expect(all).toContain("environment LOG_LEVEL: info → debug");
    expect(all).toContain("environment ADDED: new, 1");
    expect(all).toContain("environment TOKEN: secret token → secret token-2");
    expect(all).toMatch(/^readiness probe: GET \/ready .* → GET \/health every 5 s/m);
    expect(all).toContain("→ 0.5 cores");
    expect(all).toContain("→ 512 MiB");
    expect(all).toContain("replicas: 3 → 5");
  });

  test("finds no difference where only the order of keys differs: the ledger keeps another one", () => {
    const state = JSON.parse(canonicalJson(running(spec(), release("1.0.0")))) as EnvironmentState;
    expect(web(planDeployment(state, release("2.0.0"), spec())).because).toHaveLength(1);
  });

  test("settings that need no new replica change in place", () => {
    const state = running(spec(), release("1.0.0"));
    const plan = planDeployment(state, release("1.0.0"), spec({ edge: { retries: 7 } }));
    expect(plan.changes).toBe(true);
    expect(web(plan)).toMatchObject({ action: "keep", how: "its replicas stay; the settings change in place" });
    expect(web(plan).because.join()).toMatch(/^edge retries: \d → 7$/);
  });

  test("a service that is gone from the spec is removed, at high risk", () => {
    const api = { command: ["node", "api.js"], port: 8081 };
    const compiled = compile({ name: "shop", services: { web: WEB, api } }).system?.environments.staging;
    if (compiled === undefined) throw new Error("does not compile");
    const plan = planDeployment(running(compiled, release("1.0.0")), release("1.1.0"), spec());
    expect(plan.services.find((service) => service.service === "api")).toMatchObject({
      action: "remove",
      risk: "high",
      why: "clients that still call it fail",
    });
  });

  test("resources come, stay, change and go, and their data stays", () => {
    const before = spec({}, { resources: { db: "postgres", old: "redis" } });
    const after = spec({}, { resources: { db: { kind: "postgres", local: "postgresql:///shop" }, cache: "redis" } });
    const { resources } = planDeployment(running(before, release("1.0.0")), release("1.1.0"), after);
    expect(resources.map(({ name, action }) => `${name} ${action}`)).toEqual([
      "cache create",
      "db change",
      "old remove",
    ]);
    expect(resources.at(-1)?.why).toContain("its data is kept");
  });
});

describe("obstacles are the core's refusals", () => {
  test("a dirty release in a protected environment", () => {
    const dirty = release("1.0.0", { dirty: true });
    const plan = planDeployment(emptyEnvironment("shop/production"), dirty, spec({}, {}, "production"));
    expect(plan.obstacles.map((obstacle) => obstacle.code)).toEqual(["dirty-release"]);
  });

  test("a revision that is held", () => {
    const state = apply(running(spec(), release("1.0.0")), [
      { type: "hold.placed@1", data: { revision: "r1", reason: "it lost orders" } },
    ]);
    const plan = planDeployment(state, release("1.0.0"), spec());
    expect(plan.obstacles[0]).toMatchObject({
      code: "revision-held",
      sentence: expect.stringContaining("it lost orders"),
    });
  });
});

describe("secrets", () => {
  const plainly = (value: string) => spec({ environment: { TOKEN: value, LOG_LEVEL: "info" } });

  test("a plain value that becomes a secret is not shown, nor one that was a secret before", () => {
    const secret = spec();
    const there = planDeployment(running(plainly("hunter2"), release("1.0.0")), release("1.1.0"), secret);
    const back = planDeployment(running(secret, release("1.0.0")), release("1.1.0"), plainly("hunter3"));
    expect(JSON.stringify([there, back])).not.toMatch(/hunter/);
    expect(web(there).because.join()).toContain("→ secret token");
    expect(web(back).because.join()).toContain("secret token → a plain value (hidden");
  });

  test("a variable that was a secret two revisions ago stays hidden", () => {
    const first = running(spec(), release("1.0.0"));
    const second = running(plainly("hunter2"), release("1.1.0"), first);
    const plan = planDeployment(second, release("1.2.0"), plainly("hunter3"));
    expect(JSON.stringify(plan)).not.toMatch(/hunter/);
    expect(web(plan).because.join()).toContain("environment TOKEN: changes");
  });

  test("nor the password in the URL of a resource's variable, set by hand before", () => {
    const before = spec({ environment: { DATABASE_URL: "postgres://shop:hunter2@db/shop" } });
    const resources = { db: "postgres" };
    const after = spec({ environment: {}, uses: ["db"] }, { resources });
    const back = planDeployment(running(after, release("1.0.0")), release("1.1.0"), before);
    const there = planDeployment(running(before, release("1.0.0")), release("1.1.0"), after);
    expect(JSON.stringify([there, back])).not.toMatch(/hunter/);
  });
});

describe("what a comparison is worth", () => {
  const strategy = "canary";
  const planOf = (before: unknown, after: unknown) => {
    const state = running(spec({ strategy, analysis: before }), release("1.0.0"));
    return web(planDeployment(state, release("2.0.0"), spec({ strategy, analysis: after })));
  };

  test("what changes in it is said, margin by margin", () => {
    const checkout = { command: ["node", "check.js", "{{group}}"] };
    const { because } = planOf(
      { signals: { slow: { slowerThan: "300ms" }, orders: { otlp: { bad: "b", total: "t" } } } },
      { falseAlarms: "0.5%", signals: { errors: { margin: { fail: "0.01%" }, objective: "2%" }, checkout } },
    );
    expect(because.slice(1)).toEqual([
      "false alarms: 1 % → 0.5 %",
      "signal errors: fails when worse by 0.1 points, passes within 0.5 points → fails when worse by 0.01 points, passes within 0.5 points",
      "signal errors objective: none → 2 %",
      "signal slow: slow is above 300 ms → slow is learned",
      "signal orders: not compared any more",
      'signal checkout: new, fails when worse by 1 point, passes within 3 points, from node check.js "{{group}}"',
    ]);
  });

  test("nothing is said about one that stays", () => {
    expect(planOf(undefined, { falseAlarms: "1%", signals: { errors: {} } }).because).toHaveLength(1);
  });

  test("without one, a canary is a medium risk", () => {
    const off = planOf(undefined, false);
    expect(off).toMatchObject({ risk: "medium", why: "releases are not compared with the one that runs any more" });
    expect(off.because).toContain("analysis: compares errors, slow → none");
    expect(planOf(false, false).why).toBe("it is not compared with what runs: thresholds alone decide");
  });

  test("wider margins are a risk, narrower ones are not", () => {
    const [narrow, wide] = ["0.1%", "2%"].map((fail) => ({ signals: { slow: { margin: { fail } } } }));
    expect(planOf(wide, narrow)).toMatchObject({ risk: "low" });
    expect(planOf(narrow, wide)).toMatchObject({
      risk: "medium",
      why: "slow may get worse: fails when worse by 2 points, passes within 3 points",
    });
    expect(planOf(undefined, { falsePasses: "20%", signals: { slow: false } }).why).toBe(
      "a harmful release passes by mistake more often: 20 %; slow is not compared any more",
    );
  });

  test("a release that nobody compares and nobody guards is a high risk", () => {
    const guards = [{ signal: "restarts", above: 0 }];
    const state = running(spec(), release("1.0.0"));
    const planFor = (changes: Authored) => web(planDeployment(state, release("2.0.0"), spec({ guards, ...changes })));
    expect(planFor({ strategy }).risk).toBe("low");
    expect(planFor({ strategy: "rolling" })).toMatchObject({ risk: "high" });
    expect(planFor({ strategy: "rolling", analysis: { signals: { errors: { objective: "1%" } } } }).risk).toBe("low");
  });
});

describe("how it goes, and at which risk", () => {
  const state = running(spec(), release("1.0.0"));
  const planFor = (changes: Authored) => web(planDeployment(state, release("2.0.0"), spec(changes)));

  test("canary", () => {
    const stages = [
      { share: 10, time: "1m" },
      { share: 50, time: { min: "1m", max: "5m" } },
    ];
    const plan = planFor({ strategy: { kind: "canary", stages } });
    expect(plan.how).toBe("canary 10 % → 50 % → 100 %, at least 2 min");
    expect(plan.because).toContainEqual(expect.stringMatching(/^strategy: \S+ → canary$/));
  });

  test("rolling", () => {
    const plan = planFor({ strategy: { kind: "rolling", observe: "30s" } });
    expect(plan.how).toBe("rolling over 3 replicas, up to 1 more at a time, then watched for 30 s");
    expect(plan.risk).toBe("low");
  });

  test("blue-green without a smoke check moves everybody unseen", () => {
    const plan = planFor({ strategy: { kind: "blue-green", observe: "1m", keepOld: "1h" } });
    expect(plan.how).toMatch(/^blue-green: 3 replicas beside the old ones, switched at once, then watched for 1 min/);
    expect(plan.risk).toBe("medium");
    expect(plan.why).toContain("without a smoke check");
  });

  test("no readiness probe and nothing that watches is a high risk, for both reasons", () => {
    const plan = planFor({ probes: { readiness: false }, guards: [], strategy: "rolling" });
    expect(plan.risk).toBe("high");
    expect(plan.why).toContain("no readiness probe");
    expect(plan.why).toContain("no guard watches its answers");
  });

  test("a new address is at least a medium risk, even when replicas stay", () => {
    const plan = web(planDeployment(state, release("1.0.0"), spec({ port: 9090 })));
    expect(plan).toMatchObject({ action: "keep", risk: "medium", why: "its address changes: clients have to follow" });
  });
});

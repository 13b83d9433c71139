import { describe, expect, test } from "vitest";
import { compile } from "../../../src/spec/compile/compile.js";
import type { CompiledEnvironment, CompiledService } from "../../../src/spec/compiled.js";
import spec from "../windlass.system.js";

function environment(name: string): CompiledEnvironment {
  const found = compile(spec).system?.environments[name];
  if (found === undefined) throw new Error(JSON.stringify(compile(spec).problems));
  return found;
}
function service(name: string): CompiledService {
  const found = environment(name).services["customer-service"];
  if (found === undefined) throw new Error(`no service in ${name}`);
  return found;
}

test("the spec compiles without a problem", () => {
  expect(compile(spec).problems).toBeUndefined();
});

describe("as the document says,", () => {
  test("development is one instance with debug logs and a database of its own", () => {
    expect(service("development").replicas).toBe(1);
    expect(service("development").environment.LOG_LEVEL).toEqual({ kind: "plain", value: "debug" });
    expect(environment("development").resources.database?.source).toEqual({ kind: "embedded" });
  });

  test("production has at least 3 instances and a managed database", () => {
    expect(service("production").replicas).toBeGreaterThanOrEqual(3);
    expect(environment("production").resources.database?.source).toEqual({
      kind: "external",
      urlSecret: "database-url",
    });
    expect(environment("production").protected).toBe(true);
  });

  test("health is checked every 10 s", () => {
    expect(service("production").probes.liveness).toMatchObject({ action: { path: "/health" }, periodMs: 10_000 });
  });

  test("errors above 5 % and a p95 above 500 ms are too much wherever there is nothing to compare with", () => {
    for (const name of ["staging", "production"])
      expect(service(name).analysis?.signals).toMatchObject([
        { name: "errors", objective: 0.05 },
        { name: "slow", objective: 0.05, source: { slowerThanMs: 500 } },
      ]);
  });

  test("a canary is compared with what runs by margins and risks that nobody tuned", () => {
    const defaults = compile({ name: "any", services: { web: { command: ["web"], port: 80 } } });
    const untouched = defaults.system?.environments.production?.services.web?.analysis;
    const { analysis, strategy } = service("production");
    expect(strategy.kind).toBe("canary");
    expect(analysis).toMatchObject({ falseAlarms: untouched?.falseAlarms, falsePasses: untouched?.falsePasses });
    expect(analysis?.signals.map(({ margin }) => margin)).toEqual(untouched?.signals.map(({ margin }) => margin));
  });

  test("any restart in an hour hauls a release back, and no other guard does", () => {
    for (const name of ["staging", "production"])
      expect(service(name).guards).toMatchObject([{ signal: "restarts", above: 0, forMs: 3_600_000 }]);
  });

  test("no environment but development has a password in the spec", () => {
    for (const name of ["staging", "production"])
      expect(service(name).environment).toMatchObject({
        ADMIN_PASSWORD: { kind: "secret" },
        JWT_KEY: { kind: "secret" },
      });
  });

  test("the cluster is production with 3 replicas at least, added above 70 % CPU, and the same release", () => {
    const [there, here] = [service("cluster"), service("production")];
    expect(environment("cluster")).toMatchObject({ target: "kubernetes", protected: true });
    expect(there.scaling).toMatchObject({ min: 3, cpu: 0.7, memory: null });
    expect(there.build).toMatchObject({ kind: "dockerfile", file: "Dockerfile", context: "release" });
    const same = ["source", "probes", "strategy", "guards", "analysis", "environment", "replicas"] as const;
    for (const field of same) expect(there[field]).toEqual(here[field]);
  });
});

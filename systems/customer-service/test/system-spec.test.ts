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

  test("errors above 5 %, a p95 above 500 ms and any restart in an hour haul a release back", () => {
    expect(service("production").guards).toMatchObject([
      { signal: "errors", above: 0.05 },
      { signal: "slow", above: 0.05, slowMs: 500 },
      { signal: "restarts", above: 0, forMs: 3_600_000 },
    ]);
  });

  test("no environment but development has a password in the spec", () => {
    for (const name of ["staging", "production"])
      expect(service(name).environment).toMatchObject({
        ADMIN_PASSWORD: { kind: "secret" },
        JWT_KEY: { kind: "secret" },
      });
  });
});

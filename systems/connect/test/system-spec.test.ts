import { describe, expect, test } from "vitest";
import { compile } from "../../../src/spec/compile/compile.js";
import type { CompiledEnvironment, CompiledService } from "../../../src/spec/compiled.js";
import spec from "../windlass.system.js";

const GIB = 1024 ** 3;

function environment(name: string): CompiledEnvironment {
  const found = compile(spec).system?.environments[name];
  if (found === undefined) throw new Error(JSON.stringify(compile(spec).problems));
  return found;
}
function service(where: string, name: "backend" | "frontend"): CompiledService {
  const found = environment(where).services[name];
  if (found === undefined) throw new Error(`no ${name} in ${where}`);
  return found;
}

test("the spec compiles without a problem", () => {
  expect(compile(spec).problems).toBeUndefined();
});

describe("as the document says,", () => {
  test.each([
    ["development", { replicas: 1, cpu: 0.5, memoryBytes: 1 * GIB }, undefined],
    ["staging", { replicas: 2, cpu: 1, memoryBytes: 2 * GIB }, { min: 2, max: 4 }],
    ["production", { replicas: 3, cpu: 2, memoryBytes: 4 * GIB }, { min: 3, max: 10 }],
  ])("%s has its replicas, cores and memory, and scales in its range", (where, size, range) => {
    expect(service(where, "backend")).toMatchObject(size);
    expect(service(where, "frontend").replicas).toBe(size.replicas);
    for (const name of ["backend", "frontend"] as const) {
      const { scaling } = service(where, name);
      if (range === undefined) expect(scaling).toBeUndefined();
      else expect(scaling).toMatchObject({ ...range, cpu: 0.7, memory: 0.8 });
    }
  });

  test("staging and production run on a cluster of their own, development on this machine", () => {
    expect(environment("development")).toMatchObject({ target: "host", protected: false });
    expect(environment("staging")).toMatchObject({
      target: "kubernetes",
      protected: false,
      kubernetes: { context: "connect2-staging", namespace: "connect-staging", traffic: { kind: "gateway" } },
    });
    expect(environment("production")).toMatchObject({
      target: "kubernetes",
      protected: true,
      kubernetes: { context: "connect2-prod", namespace: "connect-production", traffic: { kind: "gateway" } },
      registry: { prefix: "ghcr.io/blueprint/connect2", insecure: false },
    });
  });

  test("the backend's probes are asked where, when and how often they are", () => {
    for (const where of ["staging", "production"])
      expect(service(where, "backend")).toMatchObject({
        listen: { port: 3000 },
        probes: {
          liveness: {
            action: { kind: "http", path: "/api/health" },
            delayMs: 30_000,
            periodMs: 10_000,
            timeoutMs: 5000,
            failures: 3,
          },
          readiness: {
            action: { kind: "http", path: "/api/health" },
            delayMs: 10_000,
            periodMs: 5000,
            timeoutMs: 3000,
            failures: 2,
          },
        },
      });
  });

  test("rolling adds one replica and takes none away", () => {
    expect(service("production", "frontend").strategy).toMatchObject({
      kind: "rolling",
      maxSurge: 1,
      maxUnavailable: 0,
    });
  });

  test("the canary gets 10, 50 and 100 % of the requests, and those of mobile browsers", () => {
    const { strategy } = service("production", "backend");
    if (strategy.kind !== "canary") throw new Error(strategy.kind);
    expect(strategy.stages.map(({ share }) => share)).toEqual([10, 50, 100]);
    expect(strategy.routes).toEqual([{ kind: "header", name: "user-agent", value: "Mobile", mode: "contains" }]);
  });

  test("blue-green asks the new group before any client does", () => {
    for (const [name, path] of [
      ["backend", "/api/health"],
      ["frontend", "/"],
    ] as const)
      expect(service("staging", name).strategy).toMatchObject({
        kind: "blue-green",
        smoke: expect.arrayContaining([expect.objectContaining({ path })]),
      });
  });

  test("a deployment takes less than 15 minutes, however long its canary has to wait", () => {
    const { strategy } = service("production", "backend");
    const page = service("production", "frontend").strategy;
    if (strategy.kind !== "canary" || page.kind !== "rolling") throw new Error("other strategies");
    const longest = strategy.stages.reduce((sum, { maxMs }) => sum + maxMs, page.observeMs);
    expect(longest).toBeLessThan(15 * 60_000);
  });

  test("one host has TLS, a redirect and a limit of 100, /api is the backend's and the rest the frontend's", () => {
    for (const [where, host] of [
      ["staging", "staging.connect2.blueprint.com"],
      ["production", "connect2.blueprint.com"],
    ] as const) {
      const common = { hosts: [host], tls: "connect2-tls", redirect: true, rateLimit: 100 };
      expect(service(where, "backend").ingress).toEqual({ ...common, path: "/api" });
      expect(service(where, "frontend").ingress).toEqual({ ...common, path: "/" });
      // Without a listener for HTTPS there is nothing to redirect to.
      expect(environment(where).kubernetes?.traffic).toMatchObject({ kind: "gateway", section: "https" });
    }
  });

  test("errors above 5 %, a p95 above 1,000 ms and more than 3 restarts in 10 minutes are critical", () => {
    for (const where of ["staging", "production"])
      for (const name of ["backend", "frontend"] as const) {
        expect(service(where, name).analysis?.signals).toMatchObject([
          { name: "errors", objective: 0.05 },
          { name: "slow", objective: 0.05, source: { slowerThanMs: 1000 } },
        ]);
        expect(service(where, name).guards).toMatchObject([{ signal: "restarts", above: 3, forMs: 600_000 }]);
      }
  });

  test("the database is managed where clients are, and Windlass's own in development", () => {
    for (const where of ["staging", "production"])
      expect(environment(where).resources.database?.source).toEqual({ kind: "external", urlSecret: "database-url" });
    expect(environment("development").resources.database?.source).toEqual({ kind: "embedded" });
  });
});

test("the frontend is told where the backend is, and comes after it", () => {
  const url = (where: string) => service(where, "frontend").environment.BACKEND_URL;
  expect(url("development")).toEqual({ kind: "plain", value: "http://127.0.0.1:3000" });
  expect(url("production")).toEqual({ kind: "plain", value: "http://backend:3000" });
  expect(service("production", "frontend").after).toEqual(["backend"]);
});

test("a cluster's images are built by their Dockerfiles from what `npm run build` makes", () => {
  expect(service("production", "backend").build).toEqual({
    kind: "dockerfile",
    file: "backend/Dockerfile",
    context: "release/backend",
    stage: null,
  });
  expect(service("development", "backend").build).toBeUndefined();
});

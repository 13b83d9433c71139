import { describe, expect, it } from "vitest";
import { canary, defineSystem, postgres, redis, rolling, secret, service, worker } from "../define.js";
import { compile } from "./compile.js";

function compiled(authored: unknown) {
  const result = compile(authored);
  if (result.system === undefined) throw new Error(`not valid:\n${JSON.stringify(result.problems, null, 2)}`);
  return result.system;
}

describe("a small spec", () => {
  const smallest = defineSystem({ name: "shop", services: { api: { command: ["node", "server.js"], port: 8080 } } });

  it("gets three environments and sane defaults", () => {
    const { environments } = compiled(smallest);
    expect(Object.keys(environments)).toEqual(["development", "staging", "production"]);
    expect(environments.development).toMatchObject({ protected: false, whenBusy: "supersede", target: "host" });
    expect(environments.production?.protected).toBe(true);
    expect(environments.development?.services.api?.onTooLittleData).toBe("continue");
    expect(environments.production?.services.api).toMatchObject({
      onTooLittleData: "hold",
      run: { kind: "command", argv: ["node", "server.js"] },
      listen: { host: "127.0.0.1", port: 8080, tls: null },
      probes: { startup: null, liveness: null, readiness: { action: { kind: "tcp" }, periodMs: 1000 } },
      strategy: { kind: "rolling", maxSurge: 1, maxUnavailable: 0 },
      guards: [{ signal: "errors", above: 0.05 }, { signal: "restarts" }],
    });
  });

  it("has the same digest however its keys are ordered, and another one when a default is overruled", () => {
    const turned = { services: { api: { port: 8080, command: ["node", "server.js"] } }, name: "shop" };
    expect(compile(turned).digest).toBe(compile(smallest).digest);
    expect(compile({ ...turned, environments: { staging: { keepReleases: 20 } } }).digest).not.toBe(
      compile(smallest).digest,
    );
  });

  it("takes short and long forms alike", () => {
    const short = { command: "node 'my server.js'", port: 80, probes: { liveness: "/health", readiness: "tcp" } };
    const long = {
      command: ["node", "my server.js"],
      port: { number: 80 },
      probes: { liveness: { http: "/health" }, readiness: { tcp: true } },
    };
    expect(compile({ name: "a", services: { b: short } }).digest).toBe(
      compile({ name: "a", services: { b: long } }).digest,
    );
  });
});

describe("quantities", () => {
  it("become milliseconds, bytes, cores and replicas", () => {
    const { environments } = compiled({
      name: "shop",
      services: {
        api: {
          command: ["run"],
          port: 1,
          replicas: 10,
          cpu: "500m",
          memory: "1.5 GiB",
          stopGrace: "1.5s",
          strategy: { kind: "rolling", maxSurge: "25%", maxUnavailable: "25%" },
          edge: { maxBody: "1MB" },
        },
      },
    });
    expect(environments.staging?.services.api).toMatchObject({
      cpu: 0.5,
      memoryBytes: 1.5 * 1024 ** 3,
      stopGraceMs: 1500,
      strategy: { maxSurge: 3, maxUnavailable: 2 },
      edge: { maxBodyBytes: 1_000_000 },
    });
  });
});

describe("environments", () => {
  const authored = defineSystem({
    name: "shop",
    services: {
      api: service({
        command: ["node", "server.js"],
        port: 8080,
        environment: { LOG: "info", KEY: secret("key", { generate: true }), OLD: "x" },
        probes: { readiness: "/ready" },
        uses: ["db"],
      }),
      mailer: worker({ command: ["node", "mailer.js"], after: ["api"] }),
    },
    resources: { db: postgres(), cache: redis() },
    environments: {
      staging: {
        whenBusy: "refuse",
        services: { api: { replicas: 2, environment: { LOG: "debug", OLD: null }, port: { host: "0.0.0.0" } } },
      },
      "production-eu": {
        extends: "production",
        services: { api: { strategy: canary({ stages: [{ share: "5%", time: "10m" }] }), replicas: 5 } },
      },
      production: {
        services: {
          api: { image: "shop/api:1.4.2", strategy: rolling(), replicas: 3, environment: { KEY: secret("key-live") } },
          mailer: null,
        },
        resources: { db: { external: secret("db-url") }, cache: null },
      },
    },
  });

  it("change single fields, and null removes them", () => {
    const { api } = compiled(authored).environments.staging?.services ?? {};
    expect(api).toMatchObject({ replicas: 2, listen: { host: "0.0.0.0", port: 8080 }, run: { kind: "command" } });
    expect(api?.environment).toEqual({
      LOG: { kind: "plain", value: "debug" },
      KEY: { kind: "secret", name: "key", generate: true },
    });
    expect(api?.probes.readiness?.action).toEqual({ kind: "http", path: "/ready" });
  });

  it("put an image in the place of a command, and do not hand a generated secret down under another name", () => {
    const production = compiled(authored).environments.production;
    expect(Object.keys(production?.services ?? {})).toEqual(["api"]);
    expect(Object.keys(production?.resources ?? {})).toEqual(["db"]);
    expect(production?.services.api?.run).toEqual({ kind: "image", image: "shop/api:1.4.2", argv: null });
    expect(production?.services.api?.source).toBeNull();
    expect(production?.services.api?.environment.KEY).toEqual({
      kind: "secret",
      name: "key-live",
      generate: false,
    });
    expect(production?.resources.db?.source).toEqual({ kind: "external", urlSecret: "db-url" });
  });

  it("start from another one with extends, its protection included", () => {
    const eu = compiled(authored).environments["production-eu"];
    expect(eu).toMatchObject({ protected: true, services: { api: { replicas: 5, run: { kind: "image" } } } });
    expect(eu?.services.api?.strategy).toMatchObject({ kind: "canary", stages: [{ share: 5, minMs: 600_000 }] });
  });

  it("have names of their own: a service may be called image, a variable command", () => {
    const system = compiled({
      name: "a",
      services: {
        image: { command: ["x"], environment: { command: "1", kind: "2" } },
        command: { command: ["y"] },
      },
      environments: { staging: { services: { image: { environment: { image: "3", kind: "4" } } } } },
    });
    expect(Object.keys(system.environments.staging?.services ?? {}).sort()).toEqual(["command", "image"]);
    expect(Object.keys(system.environments.staging?.services.image?.environment ?? {}).sort()).toEqual([
      "command",
      "image",
      "kind",
    ]);
  });
});

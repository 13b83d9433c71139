import { describe, expect, it } from "vitest";
import { blueGreen, canary, defineSystem, postgres, redis, rolling, secret, service, worker } from "./define.js";

describe("the functions for authors", () => {
  it("give plain data, the same that a YAML file has", () => {
    expect(postgres({ external: secret("db-url") })).toEqual({ kind: "postgres", external: { secret: "db-url" } });
    expect([redis(), rolling(), blueGreen(), canary({ sticky: true })]).toEqual([
      { kind: "redis" },
      { kind: "rolling" },
      { kind: "blue-green" },
      { kind: "canary", sticky: true },
    ]);
    expect(secret("key", { generate: true })).toEqual({ secret: "key", generate: true });
  });

  it("have types that find a slip of the pen while it is written", () => {
    const spec = defineSystem({
      name: "shop",
      services: {
        // @ts-expect-error: replica is not a field
        api: service({ command: ["x"], replica: 3 }),
        // @ts-expect-error: a worker has no port
        mailer: worker({ command: ["x"], port: 80 }),
        // @ts-expect-error: nor a way in
        crawler: worker({ command: ["x"], ingress: "shop.example.com" }),
        // @ts-expect-error: no such strategy
        other: { command: ["x"], strategy: "canry" },
      },
      // @ts-expect-error: a resource is never null outside of an environment
      resources: { db: null },
      environments: {
        staging: null,
        production: { resources: { db: null }, services: { api: { cpu: null } } },
        eu: {
          extends: "production",
          target: "kubernetes",
          registry: "r.example.com/a",
          kubernetes: { gateway: "a/b" },
        },
        // @ts-expect-error: no such engine
        moon: { target: "rocket" },
        here: { extends: "eu", target: "host", kubernetes: null, registry: null, services: { api: { scaling: null } } },
      },
    });
    expect(spec.name).toBe("shop");
  });
});

import { describe, expect, it } from "vitest";
import { compile } from "../spec/compile/compile.js";
import { wayIn } from "./way-in.js";

const GATEWAY = { gateway: { name: "public", namespace: "gateway" } };

/** Where clients reach `api` in a cluster. */
function reached(kubernetes: object, service: object = {}): string | null {
  const cluster = { target: "kubernetes", registry: "registry.example.com/shop", kubernetes };
  const api = { command: ["node", "server.js"], port: 3000, ...service };
  const { system } = compile({ name: "shop", services: { api }, environments: { production: cluster } });
  const environment = system?.environments.production;
  if (environment?.services.api === undefined) throw new Error("the spec is fine");
  return wayIn(environment.services.api, environment);
}

describe("the way in to a service of a cluster", () => {
  it("is its host behind a gateway, with TLS where there is a certificate", () => {
    expect(reached(GATEWAY, { ingress: { host: "shop.example.com" } })).toBe("http://shop.example.com");
    const secure = { host: "shop.example.com", path: "/api", tls: "shop-tls" };
    expect(reached(GATEWAY, { ingress: secure })).toBe("https://shop.example.com/api");
    expect(reached(GATEWAY)).toBe("http://api.shop-production");
  });

  it("is its name in the cluster where nothing leads in", () => {
    expect(reached({})).toBe("http://api.shop-production:3000");
    expect(reached({ ingressClass: "nginx" })).toBe("http://api.shop-production:3000");
    expect(reached({}, { port: undefined })).toBeNull();
  });
});

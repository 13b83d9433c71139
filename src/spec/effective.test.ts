import { describe, expect, it } from "vitest";
import { effective, originText } from "./effective.js";

const authored = {
  name: "shop",
  services: {
    api: {
      command: ["node", "server.js"],
      port: 8080,
      environment: { secret: "not one", JWT: { secret: "jwt-key", generate: true } },
    },
  },
  resources: { db: "postgres" },
  environments: {
    production: { services: { api: { replicas: 3 } }, resources: { db: { external: { secret: "db-url" } } } },
    eu: { extends: "production", services: { api: { memory: "1GiB" } } },
    cluster: {
      extends: "production",
      target: "kubernetes",
      registry: "localhost:5000/shop",
      kubernetes: { gateway: "infra/edge" },
      services: { api: { cpu: 1, scaling: { max: 9 }, ingress: "shop.example.com" } },
    },
  },
};

function row(field: string, environment = "eu"): string {
  const found = effective(authored, environment).find((one) => one.field === field);
  return found === undefined
    ? "absent"
    : `${found.value} | ${originText(found.origin)} | ${found.origin.path.join(".")}`;
}

describe("the effective environment", () => {
  it("names the layer of every field", () => {
    expect(row("services.api.stopGrace")).toBe("10s | default | services.api.stopGrace");
    expect(row("services.api.port.number")).toBe("8080 | system | services.api.port");
    expect(row("services.api.replicas")).toBe("3 | extends production | environments.production.services.api.replicas");
    expect(row("services.api.replicas", "production")).toContain("3 | environment production");
    expect(row("services.api.memory")).toBe("1GiB | environment eu | environments.eu.services.api.memory");
    expect(row("services.api.cpu")).toContain("none | default");
    expect(row("protected")).toContain("true | default");
  });

  it("shows the names of secrets, and takes nothing else for one", () => {
    expect(row("services.api.environment.JWT")).toContain("secret(jwt-key), generated when not set | system");
    expect(row("services.api.environment.secret")).toContain("not one | system");
    expect(row("resources.db.external")).toContain("secret(db-url) | extends production");
  });

  it("has the defaults that come with an engine", () => {
    const here = (field: string) => row(field, "cluster");
    expect(here("target")).toContain("kubernetes | environment cluster");
    expect(here("kubernetes.namespace")).toContain("shop-cluster | default");
    expect(here("kubernetes.gateway.namespace")).toContain(
      "infra | environment cluster | environments.cluster.kubernetes.gateway",
    );
    expect(here("registry.insecure")).toContain("true | default");
    expect(here("services.api.base")).toContain("docker.io/library/node:20-bookworm-slim | default");
    expect(here("services.api.scaling.min")).toContain("3 | default");
    expect(here("services.api.scaling.cpu")).toContain("70% | default");
    expect(here("services.api.ingress.hosts")).toContain('["shop.example.com"] | environment cluster');
    expect([row("runner"), row("services.api.base")]).toEqual([expect.stringContaining("process | default"), "absent"]);
    expect(here("runner")).toBe("absent");
  });

  it("offers the nearest environment for an unknown one", () => {
    expect(() => effective(authored, "prodution")).toThrow(
      expect.objectContaining({ code: "spec-unknown-environment", hint: 'did you mean "production"?' }),
    );
  });
});

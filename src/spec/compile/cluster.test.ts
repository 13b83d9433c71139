import { describe, expect, it } from "vitest";
import { compiledEnvironment } from "../../api/schema/compiled.js";
import { clusterPortOf } from "../../core/model/pod-shape.js";
import type { CompiledEnvironment } from "../compiled.js";
import { canary, defineSystem, postgres, secret, service } from "../define.js";
import { compile } from "./compile.js";

const API = { command: ["node", "server.js"], port: 8080 };
const REGISTRY = "registry.example.com/shop";
/** The environments that are there without being named. */
const ALONE = { development: null, staging: null };
const CLUSTER = { target: "kubernetes", registry: REGISTRY };

/** The environment `production`, as it also comes over the wire. */
function production(environment: object, services: object = { api: API }, rest: object = {}): CompiledEnvironment {
  const result = compile({ name: "shop", services, ...rest, environments: { ...ALONE, production: environment } });
  if (result.system === undefined) throw new Error(JSON.stringify(result.problems, null, 2));
  return compiledEnvironment.parse(result.system.environments.production);
}

function wrong(environment: object, services: object = { api: API }, rest: object = {}): string[] {
  const { problems = [] } = compile({
    name: "shop",
    services,
    ...rest,
    environments: { ...ALONE, production: environment },
  });
  return problems.map(({ path, message, hint }) => `${path.join(".")}: ${message}; ${hint ?? ""}`);
}

describe("from a host to a cluster", () => {
  const spec = defineSystem({
    name: "shop",
    services: {
      api: service({ ...API, uses: ["db"], strategy: canary() }),
      web: service({ command: ["node", "web.js"], port: 0, uses: { api: "SHOP_API" }, after: ["api"] }),
    },
    resources: { db: postgres({ external: secret("db-url") }) },
    environments: { production: { target: "kubernetes", registry: REGISTRY } },
  });

  it("is a target and a registry, nothing else", () => {
    const environments = compile(spec).system?.environments;
    expect(environments?.staging).not.toHaveProperty("kubernetes");
    expect(environments?.staging?.services.api).not.toHaveProperty("build");
    expect(compiledEnvironment.parse(environments?.production)).toMatchObject({
      target: "kubernetes",
      kubernetes: {
        kubeconfig: null,
        context: null,
        namespace: "shop-production",
        traffic: { kind: "replicas" },
        drift: "heal",
      },
      registry: { prefix: REGISTRY, insecure: false },
      services: {
        api: { build: { kind: "files", base: "docker.io/library/node:20-bookworm-slim" } },
        web: { calls: [{ service: "api", variable: "SHOP_API" }] },
      },
    });
  });

  it("is undone by an environment that extends it and says host", () => {
    const lab = { extends: "production", target: "host", registry: null, kubernetes: null };
    const environments = { production: { ...CLUSTER, kubernetes: { context: "eu" } }, lab };
    const found = compile({ name: "shop", services: { api: API }, environments }).system?.environments.lab;
    expect(found).toMatchObject({ target: "host", protected: true });
    for (const field of ["kubernetes", "registry"]) expect(found).not.toHaveProperty(field);
  });

  it("gives a namespace that is not too long, and is no other environment's", () => {
    const name = "s".repeat(40);
    const environments = Object.fromEntries(["a", "b"].map((end) => [`${"e".repeat(40)}${end}`, CLUSTER]));
    const found = compile({ name, services: { api: API }, environments }).system?.environments ?? {};
    const spaces = Object.values(found).flatMap(({ kubernetes }) => kubernetes?.namespace ?? []);
    expect(new Set(spaces).size).toBe(2);
    for (const space of spaces) expect(space).toMatch(/^s{40}-e+-[0-9a-f]{8}$/);
    for (const space of spaces) expect(space).toHaveLength(63);
  });
});

describe("a cluster", () => {
  it("shares requests by a gateway, by an Ingress, or by replicas", () => {
    const traffic = (kubernetes: object, fields: object = {}) =>
      production({ ...CLUSTER, kubernetes }, { api: { ...API, ...fields } }).kubernetes?.traffic;
    const gateway = { kind: "gateway", name: "edge", namespace: "default", section: null, metrics: null };
    expect(traffic({ gateway: "edge" })).toEqual(gateway);
    expect(traffic({ gateway: "infra/edge" })).toEqual({ ...gateway, namespace: "infra" });
    const metrics = "service://infra/edge:9100/metrics";
    expect(traffic({ gateway: { name: "edge", section: "web", metrics } })).toEqual({
      ...gateway,
      section: "web",
      metrics,
    });
    expect(traffic({ ingressClass: "traefik" })).toEqual({ kind: "ingress", className: "traefik" });
    expect(traffic({})).toEqual({ kind: "replicas" });
    expect(traffic({}, { ingress: "shop.example.com" })).toEqual({ kind: "ingress", className: null });
  });

  it("has images pulled by a secret of the namespace, or by what its nodes may themselves", () => {
    expect(production({ ...CLUSTER, kubernetes: { pullSecret: "registry" } }).kubernetes?.pullSecret).toBe("registry");
    expect(production({ ...CLUSTER, kubernetes: {} }).kubernetes).not.toHaveProperty("pullSecret");
  });

  it("is named once for several environments, and each changes what is different", () => {
    const environments = {
      staging: { ...CLUSTER, kubernetes: { context: "eu", gateway: { name: "edge", metrics: "http://edge/metrics" } } },
      eu: { extends: "staging", kubernetes: { gateway: { section: "eu" } }, registry: { insecure: true } },
      us: { extends: "staging", kubernetes: { gateway: "us" }, registry: "localhost:5000/shop" },
      bare: { extends: "staging", kubernetes: { ingressClass: "nginx" } },
    };
    const found = compile({ name: "shop", services: { api: API }, environments }).system?.environments;
    expect(found?.eu?.kubernetes?.traffic).toMatchObject({
      name: "edge",
      section: "eu",
      metrics: "http://edge/metrics",
    });
    expect(found?.eu?.registry).toEqual({ prefix: REGISTRY, insecure: true });
    // What was said of one gateway, or one registry, does not hold for another one.
    expect(found?.us?.kubernetes).toMatchObject({ context: "eu", traffic: { name: "us", metrics: null } });
    expect(found?.us?.registry).toEqual({ prefix: "localhost:5000/shop", insecure: true });
    expect(found?.bare?.kubernetes?.traffic).toEqual({ kind: "ingress", className: "nginx" });
  });

  it("is told what does not go together, all at once", () => {
    const kubernetes = {
      kubeconfig: "~/.kube/config",
      namespace: "kube-system",
      gateway: { name: "edge", metrics: "https://u:p@edge/metrics" },
      ingressClass: "nginx",
    };
    expect(wrong({ target: "kubernetes", runner: "docker", kubernetes })).toEqual([
      'environments.production.target: the image of "api" is made here, and nothing says where images are pushed to; registry: "registry.example.com/shop"',
      "environments.production.runner: replicas in a cluster are pods: a runner is of a host; runner: null, or leave it out",
      'environments.production.kubernetes.kubeconfig: "~/.kube/config" is not an absolute path; the file stays on the machine that runs Windlass; without one it is KUBECONFIG or ~/.kube/config',
      'environments.production.kubernetes.namespace: "kube-system" belongs to the cluster itself; an environment owns its namespace',
      "environments.production.kubernetes.ingressClass: requests come by a gateway or by an Ingress, not both; a gateway has exact weights",
      "environments.production.kubernetes.gateway.metrics: the URL holds a user or a password; leave them out",
    ]);
    expect(wrong({ kubernetes: { context: "eu" } })).toEqual([
      'environments.production.kubernetes: a cluster is described, and the target is host; target: "kubernetes", or kubernetes: null',
    ]);
    expect(wrong({ ...CLUSTER, kubernetes: { gateway: { metrics: "http://x" }, context: 1 } })).toEqual([
      "environments.production.kubernetes.context: expected a string, not 1; ",
      'environments.production.kubernetes.gateway: "name" is missing; ',
    ]);
    expect(wrong({ target: "kubernets", registry: "https://registry.example.com" })).toEqual([
      'environments.production.target: "kubernets" is not "host", "kubernetes"; did you mean "kubernetes"?',
      'environments.production.registry: a registry has no scheme; write "registry.example.com/shop"; insecure: true is for HTTP',
    ]);
  });

  it("has no room for a database of Windlass, nor for this machine's", () => {
    const uses = { api: { ...API, uses: ["db", "cache"] } };
    const resources = { db: "postgres", cache: { kind: "redis", local: "redis://localhost" } };
    expect(wrong(CLUSTER, uses, { resources })).toEqual([
      'resources.db: Windlass runs no postgres in a cluster, and pods reach none on this machine; external: secret("db-url")',
      'resources.cache.local: Windlass runs no redis in a cluster, and pods reach none on this machine; external: secret("cache-url")',
    ]);
  });

  it("gives each environment a namespace of its own", () => {
    const kubernetes = { namespace: "shop" };
    const environments = { staging: { ...CLUSTER, kubernetes }, production: { ...CLUSTER, kubernetes } };
    const { problems } = compile({ name: "shop", services: { api: API }, environments });
    expect(problems).toMatchObject([
      { code: "spec-namespace-twice", path: ["environments", "production", "kubernetes", "namespace"] },
    ]);
    const far = {
      staging: environments.staging,
      production: { ...CLUSTER, kubernetes: { namespace: "shop", context: "eu" } },
    };
    expect(compile({ name: "shop", services: { api: API }, environments: far }).problems).toBeUndefined();
  });
});

describe("what only a cluster reads of a service", () => {
  const api = {
    ...API,
    cpu: 1,
    memory: "2GiB",
    replicas: 3,
    scaling: { max: 10, cpu: "70%", memory: "80%" },
    ingress: { host: "shop.example.com", path: "/api", tls: "shop-tls", rateLimit: 100 },
    adopt: "shop-backend",
    strategy: { kind: "canary", mirror: "10%" },
  };

  it("is compiled there, and the same spec runs on a host without it", () => {
    expect(production(CLUSTER, { api }).services.api).toMatchObject({
      replicas: 3,
      scaling: { min: 3, max: 10, cpu: 0.7, memory: 0.8, upMs: 60_000, downMs: 300_000 },
      ingress: { hosts: ["shop.example.com"], path: "/api", tls: "shop-tls", redirect: true, rateLimit: 100 },
      adopt: "shop-backend",
      strategy: { kind: "canary", mirror: 10 },
    });
    const { scaling, ingress, adopt, strategy, ...plain } = api;
    const here = production({}, { api });
    expect(here).toEqual(production({}, { api: { ...plain, strategy: "canary" } }));
    expect([scaling, ingress, adopt, strategy]).not.toContain(undefined);
  });

  it("has short forms", () => {
    const found = production(CLUSTER, {
      api: { ...API, cpu: 1, scaling: { min: 2, max: 4 }, ingress: "a.example.com" },
    });
    expect(found.services.api).toMatchObject({
      replicas: 2,
      scaling: { min: 2, max: 4, cpu: 0.7, memory: null },
      ingress: { hosts: ["a.example.com"], path: "/", tls: null, redirect: false, rateLimit: null },
    });
  });

  it("counts shares of replicas by the range's lower end", () => {
    const strategy = { kind: "rolling", maxSurge: "50%" };
    const found = production({}, { api: { ...API, strategy, scaling: { min: 4, max: 8 } } });
    expect(found.services.api).toMatchObject({ replicas: 4, strategy: { maxSurge: 2 } });
  });

  it("is told what does not go together", () => {
    const fields = {
      replicas: 2,
      scaling: { min: 3, max: 1, memory: "0%", up: "2h" },
      ingress: { host: "a.example.com", hosts: ["b.example.com"] },
      port: { number: 443, tls: { certificate: "/a.pem", key: "/a.key" } },
      strategy: { kind: "canary", mirror: "0%" },
    };
    expect(wrong(CLUSTER, { api: { ...API, ...fields } })).toEqual([
      "services.api.scaling.min: min is 3, and replicas is 2; they are the same: leave one of them out",
      "services.api.scaling.max: max is 1, below min, which is 3; ",
      "services.api.scaling.up: an autoscaler looks back 1h at most; ",
      "services.api.scaling.memory: above 0% there is always a need; 70% is usual",
      "services.api.ingress.host: host is one, hosts are several: write one of them; ",
      'services.api.port.tls: a pod has no certificate of this machine; ingress: { tls: "secret-name" }, and tls: null here',
      "services.api.strategy.mirror: at least 1 percent is mirrored, or none; remove mirror",
    ]);
    expect(wrong(CLUSTER, { api: { ...API, scaling: { max: 3 } } })).toEqual([
      "services.api.scaling: a share of the cpu that a replica asks for, and it asks for none; cpu: 0.5 beside scaling",
    ]);
    expect(wrong({}, { api: { ...API, scaling: { max: 3 }, replicas: 0 } })[0]).toContain("keeps one replica at least");
    expect(wrong({}, { w: { command: ["node"], ingress: "A.example.com/x" } })[0]).toContain("is not a host name");
    expect(wrong({}, { w: { command: ["node"], ingress: "a.example.com" } })[0]).toContain("a worker has no port");
  });

  it("belongs to one service: a host name with a path, a Deployment that is there", () => {
    const one = { ...API, ingress: "shop.example.com", adopt: "shop" };
    expect(wrong(CLUSTER, { api: one, web: one })).toEqual([
      'services.web.ingress: shop.example.com/ leads to "api" already; ',
      'services.web.adopt: "api" adopts it already; ',
    ]);
    const other = { ...one, adopt: "web", ingress: { host: "shop.example.com", path: "/web" } };
    expect(wrong(CLUSTER, { api: one, web: other })).toEqual([]);
  });
});

describe("services that call each other", () => {
  const services = (api: object, uses: unknown = ["api"]) => ({
    api: { ...API, ...api },
    web: { command: ["node", "web.js"], port: 8081, uses },
  });
  const urlOf = (environment: object, api: object) =>
    production(environment, services(api)).services.web?.environment.API_URL;
  const plain = (value: string) => ({ kind: "plain", value });

  it("get the URL in a variable, wherever they run", () => {
    expect(urlOf({}, {})).toEqual(plain("http://127.0.0.1:8080"));
    expect(urlOf({}, { port: { number: 80, host: "0.0.0.0" } })).toEqual(plain("http://127.0.0.1:80"));
    const tls = { certificate: "/a.pem", key: "/a.key" };
    expect(urlOf({}, { port: { number: 443, host: "fd00::1", tls } })).toEqual(plain("https://[fd00::1]:443"));
    expect(urlOf(CLUSTER, {})).toEqual(plain("http://api:8080"));
    expect(urlOf(CLUSTER, { port: 0 })).toEqual(plain(`http://api:${clusterPortOf(0)}`));
    const named = production({}, services({}, { api: "BACKEND" })).services.web;
    expect(named).toMatchObject({ uses: [], calls: [{ service: "api", variable: "BACKEND" }] });
  });

  it("go by this machine when they are containers of it, where the other one listens", () => {
    const docker = { runner: "docker" };
    const url = plain("http://host.docker.internal:80");
    expect(urlOf(docker, { port: { number: 80, host: "0.0.0.0" } })).toEqual(url);
    expect(urlOf(docker, { port: { number: 80, host: "10.0.0.5" } })).toEqual(plain("http://10.0.0.5:80"));
    const image = { image: "shop/web:1", port: 8081, uses: ["api"] };
    expect(wrong({}, { api: API, web: image })).toEqual([
      'services.web.uses.0: "api" listens on 127.0.0.1 alone, which a container does not reach; port: { number: 8080, host: "0.0.0.0" }, or the address of the Engine\'s bridge, for "api"',
    ]);
  });

  it("may do so both ways, and through names with dashes", () => {
    const found = production(
      {},
      {
        "shop-api": { ...API, uses: ["web"] },
        web: { command: ["node", "web.js"], port: 8081, uses: ["shop-api"] },
      },
    );
    expect(found.services.web?.environment).toHaveProperty("SHOP_API_URL");
    expect(found.services["shop-api"]?.environment).toHaveProperty("WEB_URL");
  });

  it("need somebody with a port that is known, and a variable of their own", () => {
    expect(wrong({}, services({ port: 0 }))).toEqual([
      'services.web.uses.0: the URL of "api" is not known: its port is picked when it starts; give "api" a port of its own',
    ]);
    expect(wrong({}, services({ port: undefined }))).toEqual([
      'services.web.uses.0: "api" is a worker: it has no port to be called at; a port for "api", or name it in after',
    ]);
    expect(wrong({}, services({}, { api: "URL", db: "URL" }), { resources: { db: "postgres" } })[0]).toContain(
      '"db" and "api" both come as URL',
    );
    expect(wrong({}, services({}, ["apii", "constructor"]))).toEqual([
      'services.web.uses.0: unknown resource "apii"; did you mean "api"?',
      'services.web.uses.1: unknown resource "constructor"; there is none',
    ]);
    // A port that is broken is told once, and nobody is blamed for calling it.
    expect(wrong({}, services({ port: "80" }))).toHaveLength(1);
  });
});

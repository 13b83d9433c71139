import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  EXAMPLE_ADOPTED,
  EXAMPLE_SECRETS,
  GATEWAY,
  group,
  intentOf,
  settings,
  traffic,
  workload,
} from "../../../test/fixtures/intents/cluster.js";
import type { Intent, ServiceIntent } from "../../core/model/intent.js";
import type { ClusterTraffic } from "../../spec/compiled-cluster.js";
import { type BuildInput, kubernetesObjects } from "./build.js";
import { deploymentName } from "./names.js";
import type { RenderedObject } from "./object.js";

const REPLICAS: ClusterTraffic = { kind: "replicas" };

function build(intent: Intent, given: Partial<BuildInput> = {}): readonly RenderedObject[] {
  return kubernetesObjects({ environment: "shop/production", intent, secrets: () => EXAMPLE_SECRETS, ...given });
}

function one(objects: readonly RenderedObject[], kind: string, name: string): RenderedObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** The service `web` with two groups, of which each has so much weight. */
function weights(given: Readonly<Record<string, number>>, more: Partial<ServiceIntent> = {}): Intent["services"] {
  const groups = { r1: group("r1", workload("web", "1")), r2: group("r2", workload("web", "2")) };
  return { web: { groups, traffic: traffic(given), ...more } };
}

const nameOf = (services: Intent["services"], id: string) =>
  deploymentName("web", id, services.web?.groups[id]?.digest ?? "");

describe("the account of a service's pods", () => {
  const account = (pullSecret?: string) => {
    const here = { ...settings(REPLICAS), ...(pullSecret !== undefined && { pullSecret }) };
    return build(intentOf(here, weights({ r1: 100 })));
  };

  test("holds the secret that images are pulled by, so that another one restarts nothing", () => {
    const [without, named] = [account(), account("registry")];
    expect(one(named, "ServiceAccount", "web")).toMatchObject({ imagePullSecrets: [{ name: "registry" }] });
    expect(one(without, "ServiceAccount", "web")).not.toHaveProperty("imagePullSecrets");
    const others = (objects: readonly RenderedObject[]) => objects.filter(({ kind }) => kind !== "ServiceAccount");
    expect(others(named)).toEqual(others(without));
  });
});

describe("the Service that others call", () => {
  const selectorOf = (intent: Intent, given: Partial<BuildInput> = {}) =>
    one(build(intent, given), "Service", "web").spec;

  test("leads to the group that has all requests, and to all groups while several have some", () => {
    const all = weights({ r1: 100 });
    expect(selectorOf(intentOf(settings(REPLICAS), all))).toMatchObject({
      selector: { "app.kubernetes.io/instance": nameOf(all, "r1") },
    });
    const shared = weights({ r1: 90, r2: 10 });
    expect(selectorOf(intentOf(settings(REPLICAS), shared))).toMatchObject({
      selector: { "windlass.dev/service": "web" },
    });
  });

  test("leads to the larger share while one of them is an adopted Deployment, whose labels are its own", () => {
    const adopt = { group: "r1", deployment: "legacy" };
    const lead = (given: Readonly<Record<string, number>>) =>
      selectorOf(intentOf(settings(REPLICAS), weights(given, { adopt })), { adopted: EXAMPLE_ADOPTED });
    expect(lead({ r1: 60, r2: 40 })).toMatchObject({ selector: { app: "legacy-web" }, ports: [{ targetPort: 8080 }] });
    expect(lead({ r1: 40, r2: 60 })).toMatchObject({ ports: [{ targetPort: "http" }] });
  });

  test("is not rendered while nobody has looked at the adopted Deployment", () => {
    const adopt = { group: "r1", deployment: "legacy" };
    const objects = build(intentOf(settings(REPLICAS), weights({ r1: 100 }, { adopt })));
    expect(objects.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name)).toEqual([
      nameOf(weights({}), "r2"),
    ]);
  });
});

describe("a group", () => {
  test("is restarted by nothing that happens beside it", () => {
    const web = (given: Partial<Parameters<typeof traffic>[1]>, w: Readonly<Record<string, number>>) => {
      const services = weights(w, { traffic: traffic(w, given) });
      return one(build(intentOf(settings(GATEWAY), services)), "Deployment", nameOf(services, "r1")).spec;
    };
    const before = web({}, { r1: 100 });
    const listen = { host: "0.0.0.0", port: 9999, tls: null };
    const policy = { ...traffic({}).policy, drainMs: 1_000 };
    expect(web({ listen, policy, sticky: { cookie: "c", ttlMs: 1 } }, { r1: 50, r2: 50 })).toEqual(before);
  });

  test("of a command cannot be rendered, nor of an image that only this machine has", () => {
    const run = (what: Parameters<typeof workload>[2]) =>
      intentOf(settings(REPLICAS), {
        web: { groups: { r1: group("r1", workload("web", "1", what)) }, traffic: traffic({ r1: 100 }) },
      });
    const command = run({ run: { kind: "command", argv: ["node", "server.js"] } });
    expect(() => build(command)).toThrow(expect.objectContaining({ code: "kubernetes-command" }));
    const local = run({ run: { kind: "image", image: `sha256:${"0".repeat(64)}`, argv: null } });
    expect(() => build(local)).toThrow(expect.objectContaining({ code: "kubernetes-image-local" }));
  });

  test("whose secret has no value is refused; without values it still refers to its Secret", () => {
    const environment = { KEY: { kind: "secret", name: "key", generate: false } } as const;
    const groups = { r1: group("r1", workload("web", "1", { environment })) };
    const intent = intentOf(settings(REPLICAS), { web: { groups, traffic: traffic({ r1: 100 }) } });
    expect(() => build(intent)).toThrow(expect.objectContaining({ code: "kubernetes-secret-missing" }));
    const objects = build(intent, { secrets: null });
    expect(objects.map(({ kind }) => kind)).not.toContain("Secret");
    expect(JSON.stringify(objects)).toContain('"secretRef"');
  });

  test("has no drain to wait for when it has no port", () => {
    const groups = { r1: group("r1", workload("mailer", "1", { hasPort: false })) };
    const objects = build(intentOf(settings(REPLICAS), { mailer: { groups, traffic: null } }));
    expect(JSON.stringify(objects)).not.toContain("preStop");
    expect(objects.map(({ kind }) => kind)).not.toContain("Service");
  });
});

describe("the gateway's route", () => {
  const routeOf = (intent: Intent, given: Partial<BuildInput> = {}) =>
    build(intent, given).filter(({ kind }) => kind === "HTTPRoute");

  test("is there once something has a weight, and leads to groups with a weight only", () => {
    expect(routeOf(intentOf(settings(GATEWAY), weights({})))).toEqual([]);
    const some = weights({ r1: 100, r2: 0 });
    const [route] = routeOf(intentOf(settings(GATEWAY), some));
    expect(JSON.stringify(route)).toContain(nameOf(some, "r1"));
    expect(JSON.stringify(route)).not.toContain(nameOf(some, "r2"));
  });

  test("mirrors only where the gateway's class says that it can", () => {
    const mirrored = weights({ r1: 90, r2: 10 });
    const intent = intentOf(settings(GATEWAY), {
      web: {
        groups: mirrored.web?.groups ?? {},
        traffic: traffic({ r1: 90, r2: 10 }, { mirror: { group: "r2", percent: 20 } }),
      },
    });
    const can = (...gatewayFeatures: string[]) =>
      JSON.stringify(routeOf(intent, { gatewayFeatures })).includes("requestMirror");
    expect(can("HTTPRouteRequestMirror", "HTTPRouteRequestPercentageMirror")).toBe(true);
    // It would copy every request.
    expect(can("HTTPRouteRequestMirror")).toBe(false);
    expect(routeOf(intent)).toHaveLength(1);
    expect(can()).toBe(false);
  });
});

describe("who reaches a service", () => {
  const ingressOf = (on: ClusterTraffic, more: Partial<ServiceIntent> = {}, others: Intent["services"] = {}) =>
    one(build(intentOf(settings(on), { ...weights({ r1: 100 }, more), ...others })), "NetworkPolicy", "web").spec;
  const INGRESS: ClusterTraffic = { kind: "ingress", className: null };
  const outside = { hosts: [], path: "/", tls: null, redirect: false, rateLimit: null };
  const open = { ingress: [{ ports: [{ protocol: "TCP", port: 8080 }] }] };
  const namespaced = (name: string) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
  });
  const callers = {
    podSelector: { matchExpressions: [{ key: "windlass.dev/service", operator: "In", values: ["api"] }] },
  };

  test("its callers and the gateway, where it is known which pods that is; else anybody, on its port", () => {
    expect(ingressOf(GATEWAY, { callers: ["api"] })).toMatchObject({
      ingress: [{ from: [namespaced("gateways"), namespaced("traefik"), callers] }],
    });
    const unknown = ingressOf({ ...GATEWAY, metrics: null } as ClusterTraffic, { callers: ["api"] });
    expect(unknown).toEqual({ ...(unknown as object), ...open });
  });

  test("behind an Ingress anybody; without one its callers, or its namespace", () => {
    const exposed = ingressOf(INGRESS, { traffic: traffic({ r1: 100 }, { ingress: outside }) });
    expect(exposed).toEqual({ ...(exposed as object), ...open });
    expect(ingressOf(INGRESS, { callers: ["api"] })).toMatchObject({ ingress: [{ from: [callers] }] });
    expect(ingressOf(INGRESS)).toMatchObject({ ingress: [{ from: [{ podSelector: {} }] }] });
  });

  test("a worker is reached by nobody", () => {
    const spec = ingressOf(REPLICAS, { traffic: null });
    expect(spec).toMatchObject({ policyTypes: ["Ingress"] });
    expect(spec).not.toHaveProperty("ingress");
  });

  test("while a group's smoke checks are asked for, its port is open, and only its own", () => {
    const services = weights({ r1: 100, r2: 0 }, { callers: ["api"] });
    const task = { id: "t1", service: "web", group: "r2", kind: "smoke", checks: [] } as const;
    const objects = build({ ...intentOf(settings(REPLICAS), services), tasks: [task] });
    const policy = one(objects, "NetworkPolicy", nameOf(services, "r2")).spec;
    const { selector } = one(objects, "Deployment", nameOf(services, "r2")).spec as { selector: unknown };
    expect(policy).toEqual({ podSelector: selector, policyTypes: ["Ingress"], ...open });
    expect(objects.filter(({ kind }) => kind === "NetworkPolicy")).toHaveLength(2);
  });

  test("the pods of an adopted caller are let in by their own labels", () => {
    const api: Intent["services"] = {
      api: {
        groups: { r1: group("r1", workload("api", "1")) },
        traffic: traffic({ r1: 100 }),
        adopt: { group: "r1", deployment: "legacy-api" },
      },
    };
    const intent = intentOf(settings(REPLICAS), { ...weights({ r1: 100 }, { callers: ["api"] }), ...api });
    const policy = one(build(intent, { adopted: { api: { app: "old" } } }), "NetworkPolicy", "web");
    expect(policy.spec).toMatchObject({
      ingress: [{ from: [callers, { podSelector: { matchLabels: { app: "old" } } }] }],
    });
  });
});

describe("names and labels, whatever services, groups and environments are called", () => {
  const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
  const worlds = fc.record({
    system: label,
    environment: label,
    services: fc.uniqueArray(label, { minLength: 1, maxLength: 3 }),
    groups: fc.uniqueArray(fc.stringMatching(/^r[0-9]{1,60}$/), { minLength: 1, maxLength: 3 }),
    release: fc.string({ minLength: 1, maxLength: 90 }),
    on: fc.constantFrom<ClusterTraffic>(GATEWAY, REPLICAS, { kind: "ingress", className: null }),
  });
  type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

  function intentFor({ services, groups, release, on }: World): Intent {
    const share = Math.floor(100 / groups.length);
    const shares = Object.fromEntries(
      groups.map((id, at) => [id, at === 0 ? 100 - share * (groups.length - 1) : share]),
    );
    const of = (name: string): ServiceIntent => ({
      groups: Object.fromEntries(groups.map((id) => [id, group(id, workload(name, id), { min: 1, max: 2 }, release)])),
      traffic: traffic(shares, {
        ingress: { hosts: [], path: "/", tls: "cert", redirect: true, rateLimit: null },
        sticky: { cookie: "c", ttlMs: 1_000 },
      }),
    });
    return intentOf(settings(on, services[0]), Object.fromEntries(services.map((name) => [name, of(name)])));
  }

  test("fit, are told apart, and come out the same in any order", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const environment = `${world.system}/${world.environment}`;
        const objects = build(intentFor(world), { environment });
        const keys = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { kind, metadata } of objects) {
          expect(metadata.name).toMatch(
            kind === "HTTPRoute" ? /^[a-z0-9.-]{1,63}$/ : /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
          );
          if (kind === "Deployment") expect(metadata.name.length + "-0123456789-01234".length).toBeLessThanOrEqual(63);
          for (const value of Object.values(metadata.labels ?? {}))
            expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
          expect(metadata.labels).toMatchObject({ "app.kubernetes.io/managed-by": "windlass" });
        }
        const turned = { ...world, services: [...world.services] };
        const { services, ...rest } = intentFor(turned);
        const reversed = Object.fromEntries(Object.entries(services).reverse());
        expect(JSON.stringify(build({ services: reversed, ...rest }, { environment }))).toBe(JSON.stringify(objects));
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  test("two groups, or two services whose names begin alike, never share a Deployment", () => {
    const long = "a".repeat(62);
    const names = [
      deploymentName(`${long}a`, "r1", "sha256:1"),
      deploymentName(`${long}b`, "r1", "sha256:1"),
      deploymentName(`${long}a`, "r2", "sha256:1"),
      deploymentName(`${long}a`, "r1", "sha256:2"),
    ];
    expect(new Set(names).size).toBe(4);
  });
});

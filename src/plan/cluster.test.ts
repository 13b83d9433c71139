import { describe, expect, test } from "vitest";
import { release, running } from "../../test/plan/deployed.js";
import { emptyEnvironment } from "../core/deployment/evolve.js";
import type { Release } from "../core/model/revision.js";
import { compile } from "../spec/compile/compile.js";
import type { CompiledEnvironment } from "../spec/compiled.js";
import { digestOf } from "../spec/digest.js";
import { planDeployment } from "./deployment.js";

const GATEWAY = { kubernetes: { gateway: { name: "edge", namespace: "infra", metrics: "http://edge/metrics" } } };
const CANARY = {
  kind: "canary",
  stages: [
    { share: 10, time: "1m" },
    { share: 50, time: "1m" },
  ],
};

/** `web` in the namespace of shop/staging. */
function cluster(web: object = {}, environment: object = GATEWAY): CompiledEnvironment {
  const services = { web: { command: ["node", "server.js"], port: 8080, replicas: 3, cpu: 1, ...web } };
  const staging = { target: "kubernetes", registry: "registry.example.com/shop", ...environment };
  const compiled = compile({ name: "shop", services, environments: { staging, development: null, production: null } });
  const found = compiled.system?.environments.staging;
  if (found === undefined) throw new Error(JSON.stringify(compiled.problems));
  return found;
}

function imaged(version: string, image = digestOf(`image ${version}`)): Release {
  return release(version, { images: { web: `registry.example.com/shop/web@${image}` } });
}

/** The plan of `web` from one environment to another. */
function web(before: CompiledEnvironment, after: CompiledEnvironment, to = imaged("2.0.0")) {
  const [found] = planDeployment(running(before, imaged("1.0.0")), to, after).services;
  if (found === undefined) throw new Error("no web in the plan");
  return found;
}

describe("a canary in a cluster", () => {
  const before = cluster({ strategy: CANARY });

  test("has the shares of the spec behind a gateway that counts", () => {
    const plan = web(before, before);
    expect(plan.how).toBe("canary 10 % → 50 % → 100 %, at least 2 min");
    expect(plan.because).toEqual([
      expect.stringMatching(
        /^image: registry.example.com\/shop\/web@sha256:[0-9a-f]{12} → registry\S+@sha256:[0-9a-f]{12}$/,
      ),
    ]);
    expect(plan.why).toBe("at most 10 % of requests meet it first");
  });

  test("has the shares that replicas make without one, and says what does nothing then", () => {
    const strategy = { ...CANARY, mirror: 10, sticky: true, routes: [{ header: "x-canary", value: "1" }] };
    const bare = cluster({ strategy }, {});
    const plan = web(bare, bare);
    expect(plan.because.slice(1)).toEqual([
      "there is no gateway, so replicas are the weights: 10 % is 25 % here: 1 of 4 replicas; 50 % is 40 %: 2 of 5",
      "without effect here, for want of a gateway: routes by header and cookie, mirror, sticky",
      "nobody counts its requests, there is no gateway: onTooLittleData decides, which is hold",
    ]);
    expect(plan.why).toBe("at most 25 % of requests meet it first");
    const behind = cluster({ strategy: CANARY, ingress: "shop.example.com", guards: [], analysis: false }, {});
    expect(web(behind, behind).because.slice(1)).toEqual([
      "an Ingress has no weights, so replicas are the weights: 10 % is 25 % here: 1 of 4 replicas; 50 % is 40 %: 2 of 5",
    ]);
  });

  test("is told what a gateway does not do", () => {
    const ingress = { host: "shop.example.com", tls: "shop-tls", rateLimit: 100 };
    const after = cluster({ strategy: CANARY, ingress }, { kubernetes: { gateway: "edge" } });
    expect(web(after, after).because.slice(1)).toEqual([
      "nobody counts its requests, the gateway's metrics are not in the spec: onTooLittleData decides, which is hold",
      "HTTP is not redirected: the gateway's section says which listener has HTTPS, and there is none",
      "its rate is not limited: a gateway has no such limit",
    ]);
  });
});

describe("what changes in place", () => {
  const same = imaged("1.0.0");

  test("is the range, the way in, the mirror and how requests are shared", () => {
    const before = cluster({ strategy: CANARY, scaling: { max: 5 }, ingress: "a.example.com" });
    const after = cluster(
      {
        strategy: { ...CANARY, mirror: 5 },
        scaling: { max: 10, cpu: "60%", down: "10m" },
        ingress: { host: "b.example.com", tls: "b", redirect: true, rateLimit: 100 },
        dockerfile: { file: "Dockerfile", stage: "run" },
        adopt: "web-by-hand",
      },
      { kubernetes: { ingressClass: "traefik", pullSecret: "registry" } },
    );
    const plan = web(before, after, same);
    expect(plan).toMatchObject({ action: "keep", how: "its replicas stay; the settings change in place" });
    expect(plan.because).toEqual([
      "image made: of its files on docker.io/library/node:20-bookworm-slim → by Dockerfile in ., stage run",
      "scaling: 3 to 5 at 70 % of its cpu, up after 1 min, down after 5 min → 3 to 10 at 60 % of its cpu, up after 1 min, down after 10 min",
      "ingress: a.example.com / → b.example.com /, certificate b, redirects to HTTPS, 100 requests a second",
      "mirror: none → 5 %",
      "adopts: nothing → web-by-hand",
      "requests are shared by gateway infra/edge → by replicas behind Ingress traefik",
      "images are pulled by: the nodes' own credentials → registry",
    ]);
    expect(plan).toMatchObject({ risk: "medium", why: "its ingress changes: clients have to follow" });
  });

  test("and clients that lose the way in are a high risk", () => {
    const plan = web(cluster({ ingress: "a.example.com" }), cluster(), same);
    expect(plan).toMatchObject({ action: "keep", risk: "high", why: expect.stringContaining("loses its ingress") });
  });
});

describe("the first deployment", () => {
  const first = (environment: CompiledEnvironment) =>
    planDeployment(emptyEnvironment("shop/staging"), imaged("1.0.0"), environment).services[0];

  test("starts what the autoscaler may move, or takes over what is there", () => {
    expect(first(cluster({ scaling: { max: 10 } }))?.how).toBe(
      "starts 3 to 10 replicas, straight to 100 % once they are ready",
    );
    expect(first(cluster({ adopt: "web-by-hand" }))).toMatchObject({
      action: "create",
      how: "takes over the Deployment web-by-hand as it is, without a restart",
    });
  });

  test("says what later ones meet there", () => {
    expect(first(cluster({ strategy: CANARY }, {}))?.because).toEqual([
      "it does not run here yet",
      "there is no gateway, so replicas are the weights: 10 % is 25 % here: 1 of 4 replicas; 50 % is 40 %: 2 of 5",
      "nobody counts its requests, there is no gateway: onTooLittleData decides, which is hold",
    ]);
  });

  test("in a cluster, of what runs on a host, waits until that has ended", () => {
    const host = { ...cluster(), target: "host" as const };
    const { kubernetes: _, ...here } = host;
    const plan = planDeployment(running(here, release("1.0.0")), imaged("1.0.0"), cluster());
    expect(plan.obstacles[0]?.code).toBe("environment-moves");
    expect(plan.services).toMatchObject([
      {
        action: "create",
        because: ["it moves: host → kubernetes, namespace shop-staging; it starts there as a first deployment"],
        how: "starts 3 replicas, straight to 100 % once they are ready",
        risk: "low",
      },
    ]);
  });
});

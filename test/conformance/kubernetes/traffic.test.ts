import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CompiledService, Strategy } from "../../../src/spec/compiled.js";
import type { ClusterTraffic } from "../../../src/spec/compiled-cluster.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { type RigRegistry, startRegistry } from "../docker/rig/registry.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { pushService } from "./service-image.js";
import { PATIENT, system, type WebOptions, web } from "./specs.js";
import { Story } from "./story.js";

const FIXTURES = new URL("../../fixtures/services/", import.meta.url).pathname;
const INGRESS = { path: "/", tls: null, redirect: false, rateLimit: null };
const READINESS = {
  action: { kind: "http", path: "/ready" },
  delayMs: 0,
  periodMs: 1_000,
  timeoutMs: 1_000,
  failures: 1,
  successes: 1,
} as const;

interface Answer {
  readonly release: string;
  /** `name=value` of the cookie that the answer sets; null: none. */
  readonly cookie: string | null;
}

describe("requests as clients send them, to real pods", () => {
  let cluster: Cluster;
  let registry: RigRegistry;
  let image: string;
  const stories: Story[] = [];
  beforeAll(async () => {
    registry = await startRegistry();
    image = await pushService(registry.host, "fixtures", FIXTURES);
    cluster = await startCluster({ kubelet: true, gateway: "traefik" });
    await cluster.allowRegistry(registry.host);
  });
  afterAll(async () => {
    for (const story of stories) await story.end();
    await cluster?.end();
    await registry?.end();
  });

  const begin = async (name: string, traffic: ClusterTraffic): Promise<Story> => {
    const story = await Story.begin(cluster, name, { traffic });
    stories.push(story);
    return story;
  };
  const throughGateway = (): ClusterTraffic => {
    const { name, namespace } = cluster.gateway;
    return { kind: "gateway", name, namespace, section: null, metrics: null };
  };
  const served = (host: string, version: string, options: WebOptions = {}): CompiledService => {
    const service = web(version, { replicas: 1, ingress: { ...INGRESS, hosts: [host] }, ...options });
    const probes = { ...service.probes, readiness: READINESS };
    // Two revisions of one image differ in what they are told.
    const environment = { GREETING: { kind: "plain", value: version } } as const;
    return { ...service, environment, probes, run: { kind: "image", image, argv: ["node", "web.mjs"] } };
  };
  const canary = (more: Partial<Extract<Strategy, { kind: "canary" }>>): Strategy =>
    PATIENT.kind === "canary" ? { ...PATIENT, ...more } : PATIENT;

  const ask = async (host: string, headers: Record<string, string> = {}): Promise<Answer | null> => {
    const answer = await request(cluster.gateway.url, { headers: { host, ...headers } });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) return null;
    const [cookie = null] = [answer.headers["set-cookie"] ?? []].flat();
    return { release: (JSON.parse(text) as { greeting: string }).greeting, cookie: cookie?.split(";")[0] ?? null };
  };
  /** Who answers so many requests in a row, each release once. */
  const answering = async (host: string, headers: Record<string, string>, count = 20): Promise<string[]> => {
    const releases = new Set<string>();
    for (let sent = 0; sent < count; sent++) releases.add((await ask(host, headers))?.release ?? "nobody");
    return [...releases].sort();
  };

  it("come to the canary by header and by cookie, whatever its weight is", async () => {
    const host = "routes.test";
    const story = await begin("routes", throughGateway());
    await story.deployed("v1", system(served(host, "v1")));
    const routes = [
      { kind: "header", name: "x-tester", value: "yes", mode: "exact" },
      { kind: "header", name: "user-agent", value: "Mobile (", mode: "contains" },
      { kind: "cookie", name: "beta", value: "1" },
    ] as const;
    const stages = [{ share: 1, minMs: 600_000, maxMs: 600_000 }];
    await story.deploy("v2", system(served(host, "v2", { strategy: canary({ routes, stages }) })));
    await story.atShare("r2", 1);
    expect(await answering(host, { "x-tester": "yes" })).toEqual(["v2"]);
    expect(await answering(host, { "user-agent": "Any Mobile (1.0)" })).toEqual(["v2"]);
    expect(await answering(host, { cookie: "a=b; beta=1; c=d" })).toEqual(["v2"]);
    // One of a hundred is the canary's.
    for (const headers of [{ "x-tester": "no" }, { cookie: "beta=11" }, { cookie: "alphabeta=1" }])
      expect(await answering(host, headers)).toContain("v1");
    await story.ask({ kind: "abort", reason: null });
    expect((await story.over()).outcome).toBe("rolled-back");
    await eventually(
      "nobody meets the canary",
      async () => (await answering(host, { "x-tester": "yes" })).join() === "v1",
    );
  });

  it("stay with the release that they met first, by a cookie, while the weights stand", async () => {
    const host = "sticky.test";
    const story = await begin("sticky", throughGateway());
    await story.deployed("v1", system(served(host, "v1")));
    const stages = [{ share: 50, minMs: 600_000, maxMs: 600_000 }];
    const sticky = { cookie: "windlass", ttlMs: 3_600_000 };
    await story.deploy("v2", system(served(host, "v2", { strategy: canary({ sticky, stages }) })));
    await story.atShare("r2", 50);
    const clients = new Map<string, Answer>();
    for (let sent = 0; sent < 40; sent++) {
      const answer = await ask(host);
      if (answer !== null) clients.set(`${answer.release} ${answer.cookie}`, answer);
    }
    expect(new Set([...clients.values()].map(({ release }) => release))).toEqual(new Set(["v1", "v2"]));
    for (const { release, cookie } of clients.values()) {
      expect(cookie).toMatch(/^windlass=\d{4}$/);
      expect(await answering(host, { cookie: cookie ?? "" }, 8)).toEqual([release]);
    }
  });

  it("come by an Ingress where there is no gateway, and by as many replicas as there are", async () => {
    const host = "plain.test";
    await cluster.api.apply("/apis/networking.k8s.io/v1/ingressclasses/traefik", {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "traefik" },
      spec: { controller: "traefik.io/ingress-controller" },
    });
    const story = await begin("plain", { kind: "ingress", className: "traefik" });
    await story.deployed("v1", system(served(host, "v1")));
    await eventually("the Ingress leads to it", async () => (await ask(host))?.release === "v1");
    const stages = [{ share: 50, minMs: 600_000, maxMs: 600_000 }];
    await story.deploy("v2", system(served(host, "v2", { strategy: canary({ stages }) })));
    await eventually("both answer", async () => (await answering(host, {})).join() === "v1,v2");
    await story.ask({ kind: "advance", full: true });
    expect((await story.over()).outcome).toBe("succeeded");
    await eventually("only the new one answers", async () => (await answering(host, {})).join() === "v2");
  });
});

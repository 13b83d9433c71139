import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cause } from "../../../src/core/model/cause.js";
import type { EventRecord } from "../../../src/core/model/event.js";
import { type Load, startLoad } from "../../../src/load/load.js";
import type { CompiledEnvironment } from "../../../src/spec/compiled.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { type RigRegistry, startRegistry } from "../docker/rig/registry.js";
import { pushService } from "./service-image.js";
import { system, web } from "./specs.js";
import { Story } from "./story.js";
import { BASE, SystemStory } from "./system-story.js";
import { SystemWorld } from "./system-world.js";
import type { TargetOptions } from "./world.js";

const FIXTURES = new URL("../../fixtures/services/", import.meta.url).pathname;
/** The documents' stages take minutes. Replicas here share two cores with the cluster itself, and are fewer. */
const QUICK = {
  kind: "canary",
  stages: [
    { share: 50, time: { min: "3s", max: "30s" } },
    { share: 100, time: "2s" },
  ],
  keepOld: "5m",
};
/** Images are made of the services' files, on a base of this machine: nothing can be pulled here. */
const FILES = { dockerfile: null, base: BASE };
const SMALL = { cpu: 0.05, memory: "256MiB", scaling: { min: 2, max: 4, cpu: "70%" } };
/** How fast answers are here says nothing about a release: other things run on this machine. */
const ANALYSIS = { signals: { slow: { slowerThan: "10s" } } };
const AT_ONCE = { readiness: { delay: "0s", period: "1s", timeout: "1s" } };

let world: SystemWorld;
// One real node at a time on a machine: another file or a benchmark may have it.
beforeAll(async () => {
  world = await SystemWorld.start();
}, 900_000);
afterAll(async () => {
  await world?.end();
});

/**
 * Clients at a steady rate, while something is done. Paths and the gateway's shares both go round: their numbers have no
 * common divisor, so that each path comes to each group.
 */
async function whileAsked<T>(host: string, paths: readonly string[], headers: object, work: () => Promise<T>) {
  const load: Load = startLoad({
    baseUrl: world.cluster.gateway.url,
    ratePerSecond: 30,
    mix: paths.map((path) => ({ name: path, weight: 1, path, headers: { host, ...headers } })),
  });
  try {
    return await work();
  } finally {
    await load.stop();
  }
}

/** What turned the last deployment back. */
function turn(events: readonly EventRecord[]) {
  const turned = events.filter(({ type }) => type === "deployment.turned@1").at(-1);
  if (turned === undefined) throw new Error("nothing turned back");
  const { cause } = turned.data as { readonly cause: Cause };
  return {
    kind: cause.kind,
    service: cause.service,
    compared: cause.judgement?.signals.some((one) => one.verdict === "fail" && one.comparison !== undefined) ?? false,
  };
}

describe("the customer service", () => {
  const HOST = "customers.test";
  let story: SystemStory;
  let headers: Record<string, string>;
  let paths: string[];

  beforeAll(async () => {
    const service = {
      ...FILES,
      ...SMALL,
      replicas: 2,
      ingress: { host: HOST },
      probes: AT_ONCE,
      strategy: QUICK,
      analysis: ANALYSIS,
    };
    const changes = { ...service, onTooLittleData: "continue" };
    const rig = { extends: "cluster", ...world.layer("customers", { "customer-service": changes }) };
    const document = { extends: "cluster", services: { "customer-service": FILES } };
    story = new SystemStory("customer-service", { rig, document }, world.base);
  });
  afterAll(async () => {
    await story?.end();
  });

  it("has the numbers of its document in its objects", async () => {
    await story.build("1.0.0");
    const { output, code } = await story.cli("render", "kubernetes", "document", "--spec", "--json");
    expect(code, output).toBe(0);
    const objects = objectsIn(output);
    expect(objects.HorizontalPodAutoscaler).toMatchObject([
      { spec: { minReplicas: 3, maxReplicas: 10, metrics: [cpuAt(70)] } },
    ]);
    expect(objects.HTTPRoute).toMatchObject([{ spec: { hostnames: ["customers.example.com"] } }]);
    expect(container(objects.Deployment?.[0])).toMatchObject({
      resources: { requests: { cpu: "1", memory: "512Mi" }, limits: { memory: "512Mi" } },
      livenessProbe: { initialDelaySeconds: 5, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
      readinessProbe: { periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
    });
  });

  it("is deployed for the first time, and serves", async () => {
    const plan = await story.cli("plan", "rig");
    expect(plan.code, plan.output).toBe(0);
    expect(plan.output).toContain("create: starts 2 to 4 replicas");
    await story.installation.control.putSecrets(story.key, {
      "database-url": await world.database("customers"),
      "admin-password": "correct horse battery staple",
    });
    const { output, code } = await story.deploy("1.0.0");
    expect(code, output).toBe(0);
    expect(output).toContain(`http://${HOST}`);
    const login = { email: "admin@example.com", password: "correct horse battery staple" };
    const { token } = (await world.ask(HOST, "/login", { body: login })).body as { token: string };
    headers = { authorization: `Bearer ${token}` };
    paths = [];
    for (let n = 0; n < 9; n++) {
      const customer = { name: `Ada ${n}`, email: `ada${n}@example.com`, ...(n % 3 !== 2 && { phone: "+44 20 1234" }) };
      const { status, headers: given } = await world.ask(HOST, "/customers", { body: customer, headers });
      expect(status).toBe(201);
      paths.push(String(given.location));
    }
  });

  it("gets a good release by a canary", async () => {
    const { output, code } = await whileAsked(HOST, paths, headers, () => story.deploy("1.1.0"));
    expect(code, output).toBe(0);
    expect((await story.view()).current?.label).toMatch(/^1\.1\.0/);
    expect((await world.ask(HOST, "/ready")).headers["x-release"]).toBe("1.1.0");
  });

  it("is spared a harmful release, which is compared with the one that runs", async () => {
    const { output, code } = await whileAsked(HOST, paths, headers, () => story.deploy("1.2.0"));
    expect(code, output).toBe(3);
    expect(turn(await story.events())).toEqual({ kind: "verdict", service: "customer-service", compared: true });
    expect((await world.ask(HOST, "/ready")).headers["x-release"]).toBe("1.1.0");
  });

  it("stays as it is when a person takes a canary back, and goes back to the one before", async () => {
    await story.deploy("1.1.1", "--detach");
    await story.until("the canary is observed", ({ services }) => services[0]?.stage?.observingSince != null);
    const { output, code } = await story.cli("abort", "rig", "--reason", "not today");
    expect(code, output).toBe(0);
    await story.until("it is back", ({ deployment }) => deployment?.outcome === "rolled-back");
    expect((await story.view()).deployment?.cause).toMatchObject({ kind: "person" });
    const back = await story.cli("rollback", "rig", "--yes");
    expect(back.code, back.output).toBe(0);
    expect((await story.view()).current?.label).toMatch(/^1\.0\.0/);
    await eventually("1.0.0 answers", async () => (await world.ask(HOST, "/ready")).headers["x-release"] === "1.0.0");
  });

  it("leaves the cluster as it was", async () => {
    const { output, code } = await story.cli("down", "rig", "--yes");
    expect(code, output).toBe(0);
    await gone("customer-service-rig");
  });
});

describe("Connect 2.0", () => {
  const HOST = "connect.test";
  let story: SystemStory;

  beforeAll(async () => {
    const both = { ...FILES, ...SMALL, probes: AT_ONCE, analysis: ANALYSIS, onTooLittleData: "continue" };
    // Every fourth of these projects has no budget.
    const environment = { SAMPLE_PROJECTS: 12 };
    const layer = world.layer("connect", {
      backend: { ...both, environment, strategy: QUICK, ingress: { host: HOST } },
      frontend: { ...both, strategy: { kind: "rolling", observe: "1s" }, ingress: { host: HOST } },
    });
    const document = { extends: "production", services: { backend: FILES, frontend: FILES } };
    story = new SystemStory("connect", { rig: { extends: "production", ...layer }, document }, world.base);
  });
  afterAll(async () => {
    await story?.end();
  });

  it("has the numbers of its document in its objects", async () => {
    await story.build("1.0.0");
    const { output, code } = await story.cli("render", "kubernetes", "document", "--spec", "--json");
    expect(code, output).toBe(0);
    const objects = objectsIn(output);
    const scaled = { spec: { minReplicas: 3, maxReplicas: 10, metrics: [cpuAt(70), memoryAt(80)] } };
    expect(objects.HorizontalPodAutoscaler).toMatchObject([scaled, scaled]);
    const [backend, frontend] = objects.Deployment ?? [];
    expect(container(backend)).toMatchObject({
      resources: { requests: { cpu: "2", memory: "4Gi" }, limits: { memory: "4Gi" } },
      livenessProbe: {
        httpGet: { path: "/api/health" },
        initialDelaySeconds: 30,
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 3,
      },
      readinessProbe: {
        httpGet: { path: "/api/health" },
        initialDelaySeconds: 10,
        periodSeconds: 5,
        timeoutSeconds: 3,
        failureThreshold: 2,
      },
    });
    expect(container(frontend)).toMatchObject({ readinessProbe: { httpGet: { path: "/health" } } });
    const routes = objects.HTTPRoute?.filter(({ spec }) => JSON.stringify(spec).includes("backendRefs")) ?? [];
    expect(routes.map(({ spec }) => spec)).toMatchObject([
      { hostnames: ["connect2.blueprint.com"], parentRefs: [{ name: "public", sectionName: "https" }] },
      { hostnames: ["connect2.blueprint.com"], parentRefs: [{ name: "public", sectionName: "https" }] },
    ]);
    expect(JSON.stringify(routes[0])).toContain('"value":"/api"');
  });

  it("is deployed, backend and frontend under one host", async () => {
    const plan = await story.cli("plan", "rig");
    expect(plan.code, plan.output).toBe(0);
    expect(plan.output).toContain("its rate is not limited: a gateway has no such limit");
    await story.installation.control.putSecrets(story.key, { "database-url": await world.database("connect") });
    const { output, code } = await story.deploy("1.0.0");
    expect(code, output).toBe(0);
    const { status, body } = await world.ask(HOST, "/api/projects?limit=3");
    expect({ status, body }).toMatchObject({ status: 200, body: { projects: [{}, {}, {}] } });
    expect((await world.ask(HOST, "/")).body).toContain("<html");
    // They come once nothing is in progress.
    const where = "/apis/autoscaling/v2/namespaces/connect-rig/horizontalpodautoscalers";
    const scalers = () => world.cluster.api.list(where);
    const both = await eventually("both are scaled", async () => (await scalers()).length === 2 && scalers());
    const range = { minReplicas: 2, maxReplicas: 4 };
    expect(both.map(({ spec }) => spec)).toMatchObject([range, range]);
  });

  it("is spared its harmful release, and goes back by hand", async () => {
    const next = await story.deploy("1.1.0", "--fast");
    expect(next.code, next.output).toBe(0);
    const { projects } = (await world.ask(HOST, "/api/projects?limit=12")).body as { projects: { id: string }[] };
    const paths = projects.slice(0, 11).map(({ id }) => `/api/projects/${id}`);
    const harmful = await whileAsked(HOST, paths, {}, () => story.deploy("1.1.1"));
    expect(harmful.code, harmful.output).toBe(3);
    expect(turn(await story.events())).toEqual({ kind: "verdict", service: "backend", compared: true });
    expect((await world.ask(HOST, "/api/health")).headers["x-release"]).toBe("1.1.0");
    const back = await story.cli("rollback", "rig", "--yes");
    expect(back.code, back.output).toBe(0);
    await eventually("1.0.0 is back", async () => {
      return (await world.ask(HOST, "/api/health")).headers["x-release"] === "1.0.0";
    });
    await story.cli("down", "rig", "--yes");
    await gone("connect-rig");
  });
});

describe("a registry that asks for a login", () => {
  // htpasswd -nbB shop s3cret-word
  const HTPASSWD = "shop:$2y$05$x5k58kXhSGPcOp9U0v.ZbO7JiG7u/tWr00Zfh7jk4GdBIdw5utDOi";
  const LOGIN = { kind: "password", username: "shop", password: "s3cret-word" } as const;
  const stories: Story[] = [];
  let registry: RigRegistry;
  let shipped: CompiledEnvironment;
  beforeAll(async () => {
    registry = await startRegistry({ htpasswd: HTPASSWD });
    await world.cluster.allowRegistry(registry.host);
    const image = await pushService(registry.host, "fixtures", FIXTURES, LOGIN);
    const run = { kind: "image", image, argv: ["node", "web.mjs"] } as const;
    shipped = system({ ...web("v1", { replicas: 1 }), run });
  });
  afterAll(async () => {
    for (const story of stories) await story.end();
    await registry?.end();
  });
  const begin = async (name: string, options: TargetOptions): Promise<Story> => {
    const story = await Story.begin(world.cluster, name, options);
    stories.push(story);
    return story;
  };

  it("lets no node pull without one, and the reason says what the spec lacks", async () => {
    const story = await begin("shut", {});
    await story.deploy("v1", shipped);
    const { cause } = await story.over();
    expect(cause?.sentence).toMatch(/ImagePullBackOff.*`pullSecret` in the spec/s);
  });

  it("lets nodes pull by the secret that the spec names", async () => {
    const { api } = world.cluster;
    const story = await begin("let-in", { pullSecret: "registry" });
    const metadata = { name: story.namespace };
    await api.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
    const auths = { [registry.host]: { auth: Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString("base64") } };
    await api.create(`/api/v1/namespaces/${story.namespace}/secrets`, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "registry" },
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": JSON.stringify({ auths }) },
    });
    await story.deployed("v1", shipped);
    expect(story.sight().observation?.services.web?.groups.r1?.replicas).toMatchObject([{ phase: "ready" }]);
  });
});

type Rendered = { readonly kind: string; readonly spec: Readonly<Record<string, unknown>> };

/** What `render --json` printed, by kind. */
function objectsIn(output: string): Readonly<Partial<Record<string, readonly Rendered[]>>> {
  const objects: Partial<Record<string, Rendered[]>> = {};
  for (const line of output.split("\n").filter((one) => one.startsWith('{"apiVersion"'))) {
    const object = JSON.parse(line) as Rendered;
    objects[object.kind] = [...(objects[object.kind] ?? []), object];
  }
  return objects;
}

function container(deployment: Rendered | undefined): unknown {
  const template = deployment?.spec.template as { spec: { containers: unknown[] } } | undefined;
  return template?.spec.containers[0];
}

const metric = (name: string, averageUtilization: number) => ({
  type: "Resource",
  resource: { name, target: { type: "Utilization", averageUtilization } },
});
const cpuAt = (percent: number) => metric("cpu", percent);
const memoryAt = (percent: number) => metric("memory", percent);

async function gone(namespace: string): Promise<void> {
  const names = async () => (await world.cluster.api.list("/api/v1/namespaces")).map(({ metadata }) => metadata.name);
  await eventually(`${namespace} is gone`, async () => !(await names()).includes(namespace), names, 90_000);
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CompiledScaling } from "../../../src/spec/compiled-cluster.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { expectRest } from "./at-rest.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.js";
import { deploymentOf, imageIn, type LookedAt, names, owned, pathOf, podsOf, readyPods, replicasIn } from "./looks.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { CANARY, imageOf, PATIENT, ROLLING, system, web } from "./specs.js";
import { Story } from "./story.js";
import type { TargetOptions } from "./world.js";

const GATEWAY: TargetOptions = {
  traffic: { kind: "gateway", name: "fake", namespace: "gateway", section: null, metrics: null },
};
const SCALING: CompiledScaling = { min: 2, max: 8, cpu: 0.5, memory: null, upMs: 0, downMs: 300_000 };

describe("from one revision to the next", () => {
  let cluster: Cluster;
  let gateway: FakeGateway;
  const stories: Story[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ kwok: { nodes: 2, zones: 2 }, gateway: "api" });
    gateway = await startFakeGateway(cluster);
  });
  afterAll(async () => {
    for (const story of stories) await story.end();
    await gateway?.stop();
    await cluster?.end();
  });

  const begin = async (name: string, options: TargetOptions = GATEWAY): Promise<Story> => {
    const story = await Story.begin(cluster, name, options);
    stories.push(story);
    return story;
  };

  it.concurrent("takes a canary's requests away before a third revision gets any", async () => {
    const story = await begin("three");
    await story.deployed("v1", system(web("v1")));
    await story.deploy("v2", system(web("v2", { strategy: PATIENT })));
    await story.atShare("r2", 25);
    const groups: Record<string, string> = {};
    for (const group of ["r1", "r2"])
      groups[(await deploymentOf(cluster, story.namespace, group)).metadata.name] = group;
    await story.deploy("v3", system(web("v3", { strategy: PATIENT })));
    await story.atShare("r3", 25);
    groups[(await deploymentOf(cluster, story.namespace, "r3")).metadata.name] = "r3";
    await story.ask({ kind: "advance", full: true });
    expect((await story.over()).outcome).toBe("succeeded");
    const history = gateway.history(story.namespace, "web").map((weights) =>
      Object.entries(weights)
        .map(([backend, weight]) => `${groups[backend]} ${weight}`)
        .sort()
        .join(", "),
    );
    expect(history).toEqual(["r1 100", "r1 75, r2 25", "r1 100", "r1 75, r3 25", "r3 100"]);
    await expectRest(story);
  });

  it.concurrent("waits for a gateway that is slow to take new weights", async () => {
    const story = await begin("slow-gateway");
    await story.deployed("v1", system(web("v1")));
    gateway.hold(story.namespace);
    await story.deploy("v2", system(web("v2")));
    await eventually("the route asks for a quarter", () => gateway.history(story.namespace, "web").length === 2);
    await story.until("it waits", ({ waiting }) => waiting.includes("has not put the new weights in force yet"));
    expect(story.types().filter((type) => type === "stage.observing@1")).toHaveLength(1);
    await gateway.release(story.namespace);
    expect((await story.over()).outcome).toBe("succeeded");
    await expectRest(story);
  });

  it.concurrent("has names that are as long as they may be", async () => {
    const name = `${"long-".repeat(12)}web`;
    expect(name).toHaveLength(63);
    const story = await begin(`${"n".repeat(58)}`);
    expect(story.namespace).toHaveLength(63);
    const label = "v".repeat(200);
    await story.deployed("v1", system(web("v1", { name, replicas: 2, scaling: SCALING })));
    await story.deployed(label, system(web("v2", { name, replicas: 2, scaling: SCALING })));
    expect(await readyPods(cluster, story.namespace, "r2")).toBe(2);
    await expectRest(story);
    expect(story.sight().observation?.services[name]?.weights).toEqual({ r2: 100 });
  });

  /** A Deployment that was there before, with three pods; gives their uids whenever it is asked. */
  const beginBeside = async (name: string) => {
    const story = await begin(name);
    const { namespace } = story;
    const path = "/api/v1/namespaces";
    await cluster.api.create(path, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const labels = { app: "shop-web" };
    const containers = [{ name: "main", image: imageOf("v1"), ports: [{ containerPort: 8080 }] }];
    await eventually("pods are let in", () =>
      cluster.api.get(pathOf("ServiceAccount", namespace, "default")).catch(() => null),
    );
    await cluster.api.apply(pathOf("Deployment", namespace, "shop-web"), {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "shop-web" },
      spec: {
        replicas: 3,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    });
    const pods = async () => {
      const found = await cluster.api.list(`${pathOf("Pod", namespace)}?labelSelector=app%3Dshop-web`);
      return found.map(({ metadata }) => metadata.uid).sort();
    };
    await eventually("three pods", async () => (await pods()).length === 3);
    return { story, pods };
  };
  const ADOPTING = { replicas: 3, adopt: "shop-web", strategy: CANARY };

  it.concurrent("takes over a Deployment without restarting it, and replaces it by the next revision", async () => {
    const { story, pods } = await beginBeside("adopted");
    const before = await pods();
    await story.deployed("v1", system(web("v1", ADOPTING)));
    expect(await pods()).toEqual(before);
    expect(story.sight().observation?.services.web?.groups.r1?.replicas).toHaveLength(3);
    await story.deployed("v2", system(web("v2", ADOPTING)));
    await eventually("the old pods are gone", async () => (await pods()).length === 0);
    expect(await readyPods(cluster, story.namespace, "r2")).toBe(3);
    expect(names(await owned(cluster, "Deployment", story.namespace))).not.toContain("shop-web");
    await expectRest(story);
  });

  it.concurrent("gives a Deployment back as it was when it could not be taken over", async () => {
    const { story, pods } = await beginBeside("given-back");
    const before = await pods();
    gateway.hold(story.namespace);
    await story.deploy("v1", system(web("v1", ADOPTING)));
    await eventually("it is taken over", async () => {
      const found = await owned(cluster, "Deployment", story.namespace);
      return found.length === 1;
    });
    await story.ask({ kind: "abort", reason: "not yet" });
    expect((await story.over()).outcome).not.toBe("succeeded");
    await eventually("it is nobody's again", async () => {
      const found = await owned(cluster, "Deployment", story.namespace);
      return found.length === 0;
    });
    const found = await cluster.api.get(pathOf("Deployment", story.namespace, "shop-web"));
    expect(replicasIn(found)).toBe(3);
    expect(await pods()).toEqual(before);
    await eventually("no Service is left", async () => (await owned(cluster, "Service", story.namespace)).length === 0);
    await gateway.release(story.namespace);
  });

  it.concurrent("hands the replicas to an autoscaler and back, without a jump", async () => {
    const story = await begin("scaled");
    const options = { replicas: 2, scaling: SCALING };
    await story.deployed("v1", system(web("v1", options)));
    const scaleAsAutoscaler = async (group: string, replicas: number): Promise<void> => {
      const { metadata } = await deploymentOf(cluster, story.namespace, group);
      const scale = `${pathOf("Deployment", story.namespace, metadata.name)}/scale?fieldManager=kube-controller-manager`;
      await cluster.api.merge(scale, { spec: { replicas } });
    };
    await eventually("the autoscaler is there", async () => {
      const found = await owned(cluster, "HorizontalPodAutoscaler", story.namespace);
      return found.length === 1;
    });
    expect(replicasIn(await deploymentOf(cluster, story.namespace, "r1"))).toBe(2);
    await scaleAsAutoscaler("r1", 6);
    await eventually("six are ready", async () => (await readyPods(cluster, story.namespace, "r1")) === 6);
    await story.deploy("v2", system(web("v2", { ...options, strategy: PATIENT })));
    await story.atShare("r2", 25);
    // A quarter of what the autoscaler left, and not of the two that the spec names.
    expect(replicasIn(await deploymentOf(cluster, story.namespace, "r2"))).toBe(2);
    expect(replicasIn(await deploymentOf(cluster, story.namespace, "r1"))).toBe(6);
    const found: number[] = [];
    const watching = setInterval(() => {
      void deploymentOf(cluster, story.namespace, "r2").then((deployment) => found.push(replicasIn(deployment)));
    }, 200);
    await story.ask({ kind: "advance", full: true });
    expect((await story.over()).outcome).toBe("succeeded");
    await eventually("the autoscaler has the new group", async () => {
      const [scaler] = await owned(cluster, "HorizontalPodAutoscaler", story.namespace);
      return scaler?.metadata.labels?.["windlass.dev/group"] === "r2";
    });
    clearInterval(watching);
    expect(Math.min(...found)).toBeGreaterThanOrEqual(2);
    expect(replicasIn(await deploymentOf(cluster, story.namespace, "r2"))).toBe(6);
    expect(story.sight().observation?.drift ?? []).toEqual([]);
  });

  it.concurrent("brings configuration and secrets back with the code", async () => {
    const story = await begin("configuration", { ...GATEWAY, secrets: { token: "s3cret-of-v1" } });
    const level = (value: string) => ({
      LEVEL: { kind: "plain", value } as const,
      TOKEN: { kind: "secret", name: "token", generate: false } as const,
    });
    await story.deployed("v1", system(web("v1", { environment: level("info") })));
    const first = (await deploymentOf(cluster, story.namespace, "r1")).metadata.name;
    await story.deploy("v2", system(web("v2", { environment: level("debug"), strategy: PATIENT })));
    await story.atShare("r2", 25);
    const second = (await deploymentOf(cluster, story.namespace, "r2")).metadata.name;
    const levelOf = async (name: string) =>
      (await cluster.api.get(pathOf("ConfigMap", story.namespace, name))).data as Record<string, string>;
    expect(await levelOf(first)).toMatchObject({ LEVEL: "info" });
    expect(await levelOf(second)).toMatchObject({ LEVEL: "debug" });
    const secret = await cluster.api.get(pathOf("Secret", story.namespace, first));
    expect(secret.data).toEqual({ TOKEN: Buffer.from("s3cret-of-v1").toString("base64") });
    await story.ask({ kind: "abort", reason: null });
    await story.over();
    await expectRest(story);
    expect(await levelOf(first)).toMatchObject({ LEVEL: "info" });
    expect(names(await owned(cluster, "Secret", story.namespace))).toEqual([first]);
  });

  it.concurrent("goes back to what ran before, and forth, a few at a time", async () => {
    const story = await begin("back", {});
    const options = { strategy: ROLLING, replicas: 3 };
    await story.deployed("v1", system(web("v1", options)));
    await story.deployed("v2", system(web("v2", options)));
    await story.ask({ kind: "rollback", to: null, reason: "v2 is slow" });
    expect((await story.over()).outcome).toBe("succeeded");
    await expectRest(story);
    const [deployment] = await owned(cluster, "Deployment", story.namespace);
    if (deployment === undefined) throw new Error("nothing runs");
    expect(imageIn(deployment)).toBe(imageOf("v1"));
  });

  it.concurrent("leaves nothing when it is taken away, and everything that is not its own", async () => {
    const story = await begin("away");
    await story.deployed("v1", system(web("v1", { replicas: 2, environment: { A: { kind: "plain", value: "b" } } })));
    const mine = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mine" }, data: { kept: "yes" } };
    await cluster.api.create(pathOf("ConfigMap", story.namespace), mine);
    expect(await podsOf(cluster, story.namespace, "r1")).toHaveLength(2);
    await story.ask({ kind: "down", reason: null });
    await story.until(
      "nothing runs",
      ({ observation }) => observation !== null && Object.keys(observation.services).length === 0,
    );
    const why = await story.target.remove(story.key);
    expect(why).toContain("ConfigMap mine");
    const kinds: LookedAt[] = ["Deployment", "ReplicaSet", "Pod", "Service", "Secret", "ServiceAccount", "HTTPRoute"];
    for (const kind of kinds)
      await eventually(`no ${kind}`, async () => (await owned(cluster, kind, story.namespace)).length === 0);
    expect(await cluster.api.get(pathOf("ConfigMap", story.namespace, "mine"))).toMatchObject({
      data: { kept: "yes" },
    });
    await cluster.api.remove(pathOf("ConfigMap", story.namespace, "mine"));
    expect(await story.target.remove(story.key)).toBeNull();
    await eventually("the namespace is gone", () =>
      cluster.api.get(`/api/v1/namespaces/${story.namespace}`).then(
        () => false,
        () => true,
      ),
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CompiledKubernetes } from "../../../src/spec/compiled-cluster.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { expectRest } from "./at-rest.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.js";
import { deploymentOf, owned, pathOf, readyPods } from "./looks.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { applyGatewayApi } from "./rig/gateway.js";
import { neededRights } from "./rights.js";
import { PATIENT, system, web } from "./specs.js";
import { Story } from "./story.js";

const GATEWAY: CompiledKubernetes["traffic"] = {
  kind: "gateway",
  name: "fake",
  namespace: "gateway",
  section: null,
  metrics: null,
};
describe("a cluster that gives less than one would like", () => {
  let cluster: Cluster;
  let gateway: FakeGateway | null = null;
  const stories: Story[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ kwok: { nodes: 2, zones: 2 } });
  });
  afterAll(async () => {
    for (const story of stories) await story.end();
    await gateway?.stop();
    await cluster?.end();
  });

  it("is enough where only one namespace may be listed and written", async () => {
    const namespace = "shop-narrow";
    const path = "/api/v1/namespaces";
    await cluster.api.create(path, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const { file } = await cluster.kubeconfigFor({ namespace, name: "narrow", rules: neededRights(), inside: true });
    const story = await Story.begin(cluster, "narrow", { kubeconfig: file });
    stories.push(story);
    await story.deployed("v1", system(web("v1")));
    await story.deploy("v2", system(web("v2", { strategy: PATIENT })));
    await story.atShare("r2", 25);
    const { name } = (await deploymentOf(cluster, namespace, "r2")).metadata;
    await cluster.api.merge(pathOf("Deployment", namespace, name), { spec: { replicas: 3 } });
    await story.until("somebody's change is seen and made right", ({ observation }) =>
      observation?.drift?.some(({ object, healed }) => healed && object === `Deployment/${name}`),
    );
    await story.ask({ kind: "advance", full: true });
    expect((await story.over()).outcome).toBe("succeeded");
    await expectRest(story);
    expect(await readyPods(cluster, namespace, "r2")).toBe(4);
    expect(story.plane.world.reports).toEqual([]);
    await story.ask({ kind: "down", reason: null });
    await eventually("nothing of it is left", async () => (await owned(cluster, "Deployment", namespace)).length === 0);
  });

  it("says that it serves no routes, and goes on once it does", async () => {
    const story = await Story.begin(cluster, "routeless", { traffic: GATEWAY });
    stories.push(story);
    await story.deploy("v1", system(web("v1")));
    const problem = await story.until("the target says so", ({ problem }) => problem);
    expect(problem).toMatch(/serves no HTTPRoute/);
    await applyGatewayApi(cluster.api);
    gateway = await startFakeGateway(cluster);
    expect((await story.over()).outcome).toBe("succeeded");
    await expectRest(story);
    expect(story.sight().observation?.services.web?.weights).toEqual({ r1: 100 });
  });
});

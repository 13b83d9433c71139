import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Drift } from "../../../src/core/model/observation.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { expectRest } from "./at-rest.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.js";
import { deploymentOf, imageIn, owned, pathOf, readyPods, replicasIn, weightsOf } from "./looks.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { imageOf, PATIENT, system, web } from "./specs.js";
import { Story } from "./story.js";
import type { TargetOptions } from "./world.js";

const GATEWAY: TargetOptions = {
  traffic: { kind: "gateway", name: "fake", namespace: "gateway", section: null, metrics: null },
};

describe("somebody else's hands, in mid-rollout", () => {
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

  /** One revision has all requests but a quarter, which the next one has. */
  const midway = async (name: string, options: TargetOptions = {}): Promise<Story> => {
    const story = await Story.begin(cluster, name, { ...GATEWAY, ...options });
    stories.push(story);
    await story.deployed("v1", system(web("v1")));
    await story.deploy("v2", system(web("v2", { strategy: PATIENT })));
    await story.atShare("r2", 25);
    return story;
  };
  const onward = async (story: Story): Promise<void> => {
    await story.ask({ kind: "advance", full: true });
    expect((await story.over()).outcome).toBe("succeeded");
    expect(story.types()).not.toContain("deployment.turned@1");
  };
  const drift = (story: Story, look: (one: Drift) => boolean): Promise<Drift> =>
    story.until("the difference is told", ({ observation }) => observation?.drift?.find(look));
  const kubectl = (story: Story, ...argv: string[]) => cluster.kubectl([...argv, "-n", story.namespace]);
  const nameOf = async (story: Story, group: string): Promise<string> =>
    (await deploymentOf(cluster, story.namespace, group)).metadata.name;

  it.concurrent("takes back a number of replicas that was set by hand, and says by whom", async () => {
    const story = await midway("scaled");
    const stable = await nameOf(story, "r1");
    await kubectl(story, "scale", `deployment/${stable}`, "--replicas=1");
    const told = await drift(story, ({ object }) => object === `Deployment/${stable}`);
    expect(told).toEqual({
      at: expect.any(Number),
      object: `Deployment/${stable}`,
      field: "spec.replicas",
      wanted: "4",
      found: "1",
      by: "kubectl",
      healed: true,
    });
    await eventually("four are ready", async () => (await readyPods(cluster, story.namespace, "r1")) === 4);
    await onward(story);
    await expectRest(story);
  });

  it.concurrent("takes back an image that was set by hand, and ends with the one that was intended", async () => {
    const story = await midway("edited");
    const canary = await nameOf(story, "r2");
    await kubectl(story, "set", "image", `deployment/${canary}`, `web=${imageOf("mine")}`);
    const told = await drift(story, ({ object }) => object === `Deployment/${canary}`);
    expect(told).toMatchObject({
      field: 'spec.template.spec.containers[name="web"].image',
      wanted: imageOf("v2"),
      found: imageOf("mine"),
      by: "kubectl-set",
      healed: true,
    });
    await onward(story);
    await expectRest(story);
    expect(imageIn(await deploymentOf(cluster, story.namespace, "r2"))).toBe(imageOf("v2"));
  });

  it.concurrent("wins against another field manager that takes the route's weights", async () => {
    const story = await midway("conflict");
    const path = pathOf("HTTPRoute", story.namespace, "web");
    const { spec } = await cluster.api.get(path);
    const rules = (spec as { rules: { backendRefs: unknown[] }[] }).rules.map((rule) => ({
      ...rule,
      backendRefs: rule.backendRefs.slice(0, 1),
    }));
    const metadata = { name: "web", namespace: story.namespace };
    const taken = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata, spec: { rules } };
    await cluster.api.apply(path, taken);
    const told = await drift(story, ({ object }) => object === "HTTPRoute/web");
    expect(told).toMatchObject({ field: "spec.rules", by: "rig", healed: true });
    await story.until("both have their shares", ({ observation }) => observation?.services.web?.weights?.r2 === 25);
    const shares = weightsOf(await cluster.api.get(path));
    expect(Object.values(shares).sort()).toEqual([25, 75]);
    await onward(story);
    await expectRest(story);
  });

  it.concurrent("only tells what others changed where it is told to, and rolls out beside it", async () => {
    const story = await midway("report", { drift: "report" });
    const stable = await nameOf(story, "r1");
    await kubectl(story, "scale", `deployment/${stable}`, "--replicas=6");
    const told = await drift(story, ({ object }) => object === `Deployment/${stable}`);
    expect(told).toMatchObject({ field: "spec.replicas", wanted: "4", found: "6", by: "kubectl", healed: false });
    await eventually("six are ready", async () => (await readyPods(cluster, story.namespace, "r1")) === 6);
    expect(replicasIn(await deploymentOf(cluster, story.namespace, "r1"))).toBe(6);
    await onward(story);
    await expectRest(story);
  });

  it.concurrent("makes a Deployment, a Service and a route anew that were deleted by hand", async () => {
    const story = await midway("deleted");
    const canary = await nameOf(story, "r2");
    const stable = await nameOf(story, "r1");
    await kubectl(story, "delete", "--wait=false", `deployment/${canary}`, `service/${stable}`, "httproute/web");
    for (const object of [`Deployment/${canary}`, `Service/${stable}`, "HTTPRoute/web"])
      expect(await drift(story, (one) => one.object === object)).toMatchObject({ found: "gone", healed: true });
    await story.until(
      "the shares are as they were",
      ({ observation }) => observation?.services.web?.weights?.r2 === 25,
    );
    await onward(story);
    await expectRest(story);
  });

  it.concurrent("makes everything anew when its namespace is deleted", async () => {
    const story = await midway("namespace");
    const first = await cluster.api.get(`/api/v1/namespaces/${story.namespace}`);
    await cluster.kubectl(["delete", "--wait=false", `namespace/${story.namespace}`]);
    const problem = await story.until("the target says so", ({ problem }) => problem);
    expect(problem).toMatch(/being terminated|being deleted|not found/);
    await story.until("it is there again", ({ observation }) => observation?.services.web?.weights?.r2 === 25);
    const second = await cluster.api.get(`/api/v1/namespaces/${story.namespace}`);
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    // What was accepted is in the new namespace as well: a later control plane goes on from there.
    const record = await cluster.api.get(pathOf("ConfigMap", story.namespace, "windlass-intent"));
    expect((record.data as { term: string }).term).toBe("1");
    await onward(story);
    await expectRest(story);
    expect(await owned(cluster, "HTTPRoute", story.namespace)).toHaveLength(1);
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MANAGED_BY } from "../../../src/render/kubernetes/labels.js";
import type { KubernetesObject } from "../../../src/render/kubernetes/object.js";
import type { Kubernetes } from "../../../src/targets/kubernetes/client/api.js";
import { expectRest } from "./at-rest.js";
import { pathOf } from "./looks.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { CANARY, system, web } from "./specs.js";
import { Story } from "./story.js";

const CONFIGURATIONS = 9_000;
const PODS = 1_000;

describe("a cluster full of other people's objects", () => {
  let cluster: Cluster;
  let story: Story | null = null;
  beforeAll(async () => {
    cluster = await startCluster({ kwok: { nodes: 2, zones: 2 } });
  });
  afterAll(async () => {
    await story?.end();
    await cluster?.end();
  });

  it("knows and asks for its own only, however many others there are", async () => {
    const crowd = "crowd";
    await cluster.api.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: crowd } });
    const metadata = (index: number, labels: Record<string, string>) => ({
      name: `theirs-${index}`,
      namespace: crowd,
      uid: randomUUID(),
      creationTimestamp: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
      labels,
    });
    const some = <T>(count: number, one: (index: number) => T): T[] =>
      Array.from({ length: count }, (_, index) => one(index));
    const configuration = (index: number) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata(index, { [MANAGED_BY]: "somebody" }),
      data: { text: "x".repeat(500) },
    });
    const pod = (index: number) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: metadata(index, { app: "theirs" }),
      spec: { schedulerName: "nobody", containers: [{ name: "main", image: "theirs" }] },
      status: { phase: "Pending" },
    });
    await cluster.fill("configmaps", some(CONFIGURATIONS, configuration));
    await cluster.fill("pods", some(PODS, pod));
    // An object of theirs is one to the API server, too.
    expect((await cluster.api.get(`${pathOf("Pod", crowd)}/theirs-${PODS - 1}`)).metadata.labels).toEqual({
      app: "theirs",
    });

    const kept = { ours: 0, theirs: 0 };
    const counting = (client: Kubernetes): Kubernetes => ({
      ...client,
      informer: (options) => {
        const keep = (object: KubernetesObject) => {
          kept[object.metadata.labels?.[MANAGED_BY] === "windlass" ? "ours" : "theirs"] += 1;
          return options.keep(object);
        };
        return client.informer({ ...options, keep });
      },
    });
    story = await Story.begin(cluster, "crowded", { wrap: counting });
    await story.deployed("v1", system(web("v1", { strategy: CANARY })));
    await story.deploy("v2", system(web("v2", { strategy: CANARY })));
    for (let index = 0; index < 50; index++)
      await cluster.api.merge(pathOf("ConfigMap", crowd, `theirs-${index}`), { data: { text: "changed" } });
    expect((await story.over()).outcome).toBe("succeeded");
    await expectRest(story);

    expect(kept.theirs).toBe(0);
    // A rollout of one service moves some ten objects and its pods, each a few times.
    expect(kept.ours).toBeGreaterThan(0);
    expect(kept.ours).toBeLessThan(1_000);
    const [client] = story.target.clusters();
    const counts = client?.counts();
    // One list per kind, and now and then the events of a pod that is not ready.
    expect(counts?.list).toBeLessThan(100);
    expect(counts?.retries).toBeLessThan(10);
  });
});

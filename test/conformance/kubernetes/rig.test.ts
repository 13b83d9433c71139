import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../scenario/lab/eventually.js";
import { RigApiError } from "./rig/api.js";
import { type Cluster, isReady, startCluster } from "./rig/cluster.js";
import type { Fault } from "./rig/stages.js";

/** What the other stories stand on: that the rig's cluster does what its README says. */
describe("a control plane with fake nodes", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ kwok: { nodes: 3, zones: 3 } });
  });
  afterAll(async () => {
    await cluster?.end();
  });

  const deployment = (name: string, image: string, replicas = 1): unknown => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "main", image: `registry.invalid/${image}@sha256:${"a".repeat(64)}` }] },
      },
    },
  });
  const deploy = (name: string, image: string, replicas = 1) =>
    cluster.api.apply(`/apis/apps/v1/namespaces/default/deployments/${name}`, deployment(name, image, replicas));
  const pods = (app: string) => cluster.api.list(`/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`);
  interface ContainerStatus {
    readonly restartCount: number;
    readonly state: { readonly waiting?: { readonly reason: string } };
    readonly lastState: { readonly terminated?: { readonly reason: string; readonly exitCode: number } };
  }
  const container = async (app: string): Promise<ContainerStatus | undefined> => {
    const [pod] = await pods(app);
    return (pod?.status as { containerStatuses?: ContainerStatus[] } | undefined)?.containerStatuses?.[0];
  };

  it("runs pods on nodes of three zones", async () => {
    await deploy("web", "web", 6);
    await eventually("six pods are ready", async () => (await pods("web")).filter(isReady).length === 6);
    const nodes = new Set((await pods("web")).map((pod) => (pod.spec as { nodeName: string }).nodeName));
    expect(nodes).toEqual(new Set(["node-0", "node-1", "node-2"]));
  });

  it("plays crashes, a want of memory and an image that is not there as a kubelet reports them", async () => {
    const of = async (fault: Fault): Promise<void> => {
      await deploy(fault, `fault-${fault}`);
    };
    await Promise.all([of("crash"), of("oom"), of("image-pull"), of("never-ready")]);
    const crash = await eventually("it crashed twice", async () => {
      const seen = await container("crash");
      return seen !== undefined && seen.restartCount >= 2 ? seen : null;
    });
    expect(crash.lastState.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
    const oom = await eventually("it was killed", async () => (await container("oom"))?.lastState.terminated);
    expect(oom).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
    await eventually("the image is waited for", async () => {
      return (await container("image-pull"))?.state.waiting?.reason === "ImagePullBackOff";
    });
    await eventually("the probe's failure is an event", async () => {
      const events = await cluster.api.list("/api/v1/namespaces/default/events?fieldSelector=reason%3DUnhealthy");
      return events.some((event) => String(event.message).includes("503"));
    });
    expect((await pods("never-ready")).some(isReady)).toBe(false);
    expect(await cluster.kubectl(["logs", "--previous", "deploy/crash"])).toContain("cannot read the configuration");
  });

  it("replaces the pods of a node that vanishes", async () => {
    await deploy("moving", "web", 3);
    await eventually("three pods are ready", async () => (await pods("moving")).filter(isReady).length === 3);
    await cluster.stopNode("node-2");
    await eventually(
      "three pods are ready elsewhere",
      async () => {
        const alive = (await pods("moving")).filter(isReady);
        return alive.length === 3 && alive.every((pod) => (pod.spec as { nodeName: string }).nodeName !== "node-2");
      },
      () => cluster.program("kwok").tail(5),
      120_000,
    );
  });

  it("refuses an expired certificate, and a service account what it has no right to", async () => {
    const account = await cluster.kubeconfigFor({
      namespace: "default",
      name: "reader",
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }],
    });
    const as = (file: string, argv: string[]) => cluster.kubectl([`--kubeconfig=${file}`, ...argv]);
    expect(await as(account.file, ["get", "pods"])).toContain("web-");
    await expect(as(account.file, ["get", "secrets"])).rejects.toThrow(/forbidden/i);
    const expired = await cluster.expiringKubeconfig("soon", -60);
    await expect(as(expired, ["get", "pods"])).rejects.toThrow(/logged in|unauthorized|expired/i);
    expect(await readFile(account.file, "utf8")).toContain("certificate-authority-data");
  });

  it("comes back after a crash of the API server, and after a compaction an old watch ends with 410", async () => {
    const before = (await cluster.api.send("GET", "/api/v1/namespaces/default/pods?limit=1")) as {
      metadata: { resourceVersion: string; continue: string };
    };
    await cluster.restartApiServer({ kill: true });
    await deploy("later", "web", 1);
    await eventually("a pod is ready", async () => (await pods("later")).some(isReady));
    await cluster.compact();
    await cluster.restartApiServer();
    const old = `/api/v1/namespaces/default/pods?watch=true&timeoutSeconds=5&resourceVersion=${before.metadata.resourceVersion}`;
    const told = await cluster.api.send("GET", old).catch((error: unknown) => {
      if (error instanceof RigApiError) return error.message;
      throw error;
    });
    expect(JSON.stringify(told)).toContain("410");
  });
});

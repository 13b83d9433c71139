import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pushImage } from "../../../src/images/registry/push.js";
import { Registries } from "../../../src/images/registry/registries.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { baseLayout } from "../docker/rig/base-image.js";
import { type RigRegistry, startRegistry } from "../docker/rig/registry.js";
import { type Cluster, isReady, startCluster } from "./rig/cluster.js";

const WEB = `require("node:http").createServer((request, response) => {
  console.log("asked", request.url);
  response.end(process.env.SAYS);
}).listen(3000);
process.on("SIGTERM", () => { console.log("told to end"); process.exit(0); });`;

/** What is real here: kubelet, containers, probes, Services, names, routes. NetworkPolicies are stored and not enforced. */
describe("a control plane with this machine as its node, and a gateway", () => {
  let cluster: Cluster;
  let registry: RigRegistry;
  let folder: string;
  let image: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "windlass-base-"));
    registry = await startRegistry();
    const base = await baseLayout(folder);
    const registries = new Registries({ credentials: async () => null, insecure: [registry.host] });
    await pushImage(registries.of(registry.host), "base", base, "rig");
    await registries.close();
    image = `${registry.host}/base@${base.digest}`;
    cluster = await startCluster({ kubelet: true, gateway: "traefik" });
    await cluster.allowRegistry(registry.host);
  });
  afterAll(async () => {
    await cluster?.end();
    await registry?.end();
    await rm(folder, { recursive: true, force: true });
  });

  const deploy = async (name: string, script: string, more: { replicas?: number; container?: object } = {}) => {
    const securityContext = {
      runAsNonRoot: true,
      runAsUser: 1000,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    };
    const container = { name: "main", image, command: ["node", "-e", script], env: [{ name: "SAYS", value: name }] };
    await cluster.api.apply(`/apis/apps/v1/namespaces/default/deployments/${name}`, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        replicas: more.replicas ?? 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 10,
            containers: [{ ...container, securityContext, ...more.container }],
          },
        },
      },
    });
  };
  const serve = (name: string) =>
    cluster.api.apply(`/api/v1/namespaces/default/services/${name}`, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: 3000 }] },
    });
  const pods = (app: string) => cluster.api.list(`/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`);
  const probed = {
    ports: [{ containerPort: 3000 }],
    readinessProbe: { httpGet: { path: "/ready", port: 3000 }, periodSeconds: 1 },
    lifecycle: { preStop: { sleep: { seconds: 1 } } },
  };
  const ended = async (app: string) => {
    const [pod] = await pods(app);
    const { containerStatuses } = (pod?.status ?? {}) as {
      containerStatuses?: { restartCount: number; lastState: { terminated?: { reason: string; exitCode: number } } }[];
    };
    const [status] = containerStatuses ?? [];
    return status !== undefined && status.restartCount >= 1 ? status.lastState.terminated : null;
  };
  const ready = (app: string, count: number) =>
    eventually(
      `${count} pods of ${app} are ready`,
      async () => (await pods(app)).filter(isReady).length === count,
      () => cluster.kubectl(["get", "pods,events"]),
      120_000,
    );
  const ask = (url: string, headers: Record<string, string> = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = http.get(url, { agent: false, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve(text));
      });
      request.on("error", reject);
    });

  it("pulls an image by its digest and serves it at pods' and Services' addresses, also by name", async () => {
    await serve("stable");
    await serve("canary");
    await deploy("stable", WEB, { replicas: 2, container: probed });
    await deploy("canary", WEB, { container: probed });
    await ready("stable", 2);
    await ready("canary", 1);
    const service = await cluster.api.get("/api/v1/namespaces/default/services/stable");
    const { clusterIP } = service.spec as { clusterIP: string };
    const here = () => ask(`http://${clusterIP}/`).catch(() => "");
    await eventually("the Service answers", async () => (await here()) === "stable");
    for (const pod of await pods("stable")) {
      expect(await ask(`http://${(pod.status as { podIP: string }).podIP}:3000/`)).toBe("stable");
    }
    const [pod] = await pods("stable");
    const inside = `fetch("http://canary/").then((answer) => answer.text()).then(console.log)`;
    // kube-proxy may take a moment to know the Service's pod.
    await eventually("a pod reaches a Service by its name", async () => {
      const said = await cluster
        .kubectl(["exec", String(pod?.metadata.name), "--", "node", "-e", inside])
        .catch(String);
      return said === "canary\n";
    });
    expect(await cluster.kubectl(["logs", String(pod?.metadata.name)])).toContain("asked /ready");
  });

  it("splits traffic 90 to 10 by an HTTPRoute, to the request", async () => {
    await cluster.api.apply("/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/web", {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "web" },
      spec: {
        hostnames: ["web.test"],
        parentRefs: [{ name: cluster.gateway.name, namespace: cluster.gateway.namespace }],
        rules: [
          {
            backendRefs: [
              { name: "stable", port: 80, weight: 90 },
              { name: "canary", port: 80, weight: 10 },
            ],
          },
        ],
      },
    });
    const routed = () => ask(cluster.gateway.url, { host: "web.test" });
    await eventually("the route is served", async () => ["stable", "canary"].includes(await routed()));
    const counts: Record<string, number> = {};
    for (let index = 0; index < 100; index += 1) {
      const answer = await routed();
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
    expect(counts).toEqual({ stable: 90, canary: 10 });
    const metrics = await ask(cluster.gateway.metricsUrl);
    expect(metrics).toMatch(
      /traefik_service_request_duration_seconds_bucket\{[^}]*service="[^"]*-svc-default-canary-1@/,
    );
  });

  it("tells how a container ended, and lets one end in its own time", async () => {
    await deploy("crash", "console.log('no settings'); process.exit(3)");
    await deploy("greedy", "const all = []; setInterval(() => all.push(Buffer.alloc(8e6, 1)), 10)", {
      container: { resources: { limits: { memory: "64Mi" } } },
    });
    expect(await eventually("it crashed", () => ended("crash"))).toMatchObject({ exitCode: 3, reason: "Error" });
    // The kubelet keeps one ended container and its log; while it makes room for the next, it has none to show.
    await eventually("its last words are kept", async () => {
      return (await cluster.kubectl(["logs", "--previous", "deploy/crash"])) === "no settings\n";
    });
    expect(await eventually("it was killed", () => ended("greedy"))).toMatchObject({
      exitCode: 137,
      reason: "OOMKilled",
    });
    const [pod] = await pods("canary");
    const following = cluster.kubectl(["logs", "--follow", String(pod?.metadata.name)]);
    await cluster.kubectl(["delete", "pod", String(pod?.metadata.name), "--wait=true"]);
    expect(await following).toContain("told to end");
    await ready("canary", 1);
  });
});

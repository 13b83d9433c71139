import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kubernetesObjects } from "../../../src/render/kubernetes/build.js";
import type { RenderedObject } from "../../../src/render/kubernetes/object.js";
import { EXAMPLE_ADOPTED, EXAMPLE_FEATURES, EXAMPLE_SECRETS, EXAMPLES } from "../../fixtures/intents/cluster.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { filesPath } from "./rig/modules.js";

/** What is rendered is taken by a real API server as it is, and applied again it changes nothing. */

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
  const folder = filesPath("gateway-api");
  for (const file of readdirSync(folder).filter((name) => name.endsWith("httproutes.yaml")))
    await cluster.kubectl(["apply", "--server-side", "-f", path.join(folder, file)]);
  await eventually("HTTPRoutes are served", () =>
    cluster.kubectl(["get", "httproutes", "-A"]).then(
      () => true,
      () => null,
    ),
  );
});

afterAll(() => cluster?.end());

/** Taken over by the third example's intent: made by somebody's kubectl. */
const LEGACY = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "legacy-web", namespace: "shop-production" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "legacy-web" } },
    template: {
      metadata: { labels: { app: "legacy-web" } },
      spec: { containers: [{ name: "web", image: `registry.example/legacy@sha256:${"0".repeat(64)}` }] },
    },
  },
};

const AS_WINDLASS = ["--server-side", "--force-conflicts", "--field-manager=windlass"];

async function written(objects: readonly RenderedObject[]): Promise<string> {
  const file = path.join(cluster.folder, "objects.json");
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  return file;
}

async function found({ kind, metadata }: RenderedObject): Promise<RenderedObject> {
  const namespace = metadata.namespace === undefined ? [] : ["-n", metadata.namespace];
  return JSON.parse(await cluster.kubectl(["get", kind, metadata.name, ...namespace, "-o", "json"]));
}

describe("a real API server", () => {
  test.each(Object.entries(EXAMPLES))("keeps the objects of %s as they were rendered", async (name, example) => {
    const { environment, intent } = example;
    if (name === "adopted") await cluster.api.create("/apis/apps/v1/namespaces/shop-production/deployments", LEGACY);
    const objects = kubernetesObjects({
      environment,
      intent,
      secrets: () => EXAMPLE_SECRETS,
      adopted: EXAMPLE_ADOPTED,
      gatewayFeatures: EXAMPLE_FEATURES,
    });
    const file = await written(objects);
    // kubectl takes an adopted Deployment for one that lacks a template; the server merges it.
    await cluster.kubectl(["apply", ...AS_WINDLASS, "--validate=false", "-f", file]);
    for (const object of objects) expect(await found(object)).toMatchObject(object);
    // Ends with 1 when an apply would change anything.
    expect(await cluster.kubectl(["diff", ...AS_WINDLASS, "-f", file])).toBe("");
  });

  test("an adopted Deployment keeps its template and its selector", async () => {
    const adopted = await found({ apiVersion: "apps/v1", kind: "Deployment", metadata: LEGACY.metadata });
    expect(adopted).toMatchObject({ spec: { selector: LEGACY.spec.selector, template: LEGACY.spec.template } });
    expect(adopted.metadata.labels).toMatchObject({ "windlass.dev/service": "web", "windlass.dev/group": "r1" });
  });

  test("pods are made of it under restricted pod security", async () => {
    await eventually("the pods of settled are made", async () => {
      const pods = await cluster.kubectl([
        "get",
        "pods",
        "-n",
        "shop-production",
        "-l",
        "windlass.dev/group=r3",
        "-o",
        "name",
      ]);
      return pods.trim().length > 0 ? pods : null;
    });
  });
});

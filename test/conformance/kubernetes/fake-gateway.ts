import type { KubernetesObject } from "../../../src/render/kubernetes/object.js";
import { connectKubernetes } from "../../../src/targets/kubernetes/client/connect.js";
import { weightsOf } from "./looks.js";
import { RigApiError } from "./rig/api.js";
import type { Cluster } from "./rig/cluster.js";

const ROUTE = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" };

export interface FakeGateway {
  /** It accepts no route of a namespace until it is released. */
  hold(namespace: string): void;
  release(namespace: string): Promise<void>;
  /** The weights by backend that a route ever had, in order. */
  history(namespace: string, route: string): readonly Readonly<Record<string, number>>[];
  stop(): Promise<void>;
}

/** What a gateway's controller says of routes, without a gateway: accepted, with every backend found. */
export async function startFakeGateway(cluster: Cluster): Promise<FakeGateway> {
  const clock = { now: () => performance.now(), wall: () => Date.now() };
  const { kubeconfig } = cluster;
  const client = await connectKubernetes({ kubeconfig, context: null, clock, userAgent: "fake-gateway" });
  const histories = new Map<string, Record<string, number>[]>();
  /** What waits to be accepted, by namespace. */
  const held = new Map<string, KubernetesObject[]>();

  const accept = async ({ metadata }: KubernetesObject): Promise<void> => {
    const { namespace, name, generation } = metadata;
    const condition = (type: string) => ({
      type,
      status: "True",
      reason: type,
      message: "",
      observedGeneration: generation,
      lastTransitionTime: new Date().toISOString(),
    });
    const parent = {
      controllerName: "rig.test/fake",
      parentRef: { name: "fake", namespace: "gateway" },
      conditions: [condition("Accepted"), condition("ResolvedRefs")],
    };
    const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes/${name}/status`;
    try {
      await cluster.api.merge(path, { status: { parents: [parent] } });
    } catch (error) {
      // The route is gone again, or the API server is: it is told anew when it is back.
      if (error instanceof RigApiError && error.status !== 404) throw error;
    }
  };
  const informer = client.informer<KubernetesObject>({
    kind: ROUTE,
    keep: (object) => object,
    onChange: (change) => {
      if (change.type === "removed") return;
      const { metadata } = change.value;
      if (change.type === "changed" && change.before.metadata.generation === metadata.generation) return;
      const key = `${metadata.namespace}/${metadata.name}`;
      histories.set(key, [...(histories.get(key) ?? []), weightsOf(change.value)]);
      const waiting = held.get(metadata.namespace ?? "");
      if (waiting === undefined) void accept(change.value);
      else waiting.push(change.value);
    },
  });
  await informer.synced(30_000);
  return {
    hold: (namespace) => held.set(namespace, []),
    async release(namespace) {
      const waiting = held.get(namespace) ?? [];
      held.delete(namespace);
      for (const route of waiting) await accept(route);
    },
    history: (namespace, route) => histories.get(`${namespace}/${route}`) ?? [],
    stop: () => client.close(),
  };
}

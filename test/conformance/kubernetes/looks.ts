import type { KubernetesObject } from "./rig/api.js";
import { type Cluster, isReady } from "./rig/cluster.js";

type Anything = { readonly [field: string]: unknown };

const OURS = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dwindlass";
const PATHS = {
  Deployment: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  ReplicaSet: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/replicasets`,
  Pod: (namespace: string) => `/api/v1/namespaces/${namespace}/pods`,
  Service: (namespace: string) => `/api/v1/namespaces/${namespace}/services`,
  ConfigMap: (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`,
  Secret: (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`,
  ServiceAccount: (namespace: string) => `/api/v1/namespaces/${namespace}/serviceaccounts`,
  NetworkPolicy: (namespace: string) => `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
  PodDisruptionBudget: (namespace: string) => `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
  HorizontalPodAutoscaler: (namespace: string) =>
    `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
  HTTPRoute: (namespace: string) => `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`,
};
export type LookedAt = keyof typeof PATHS;

export const pathOf = (kind: LookedAt, namespace: string, name?: string): string =>
  name === undefined ? PATHS[kind](namespace) : `${PATHS[kind](namespace)}/${name}`;

/** Windlass's objects of a kind in a namespace, as an administrator sees them. */
export function owned(cluster: Cluster, kind: LookedAt, namespace: string): Promise<readonly KubernetesObject[]> {
  return cluster.api.list(`${PATHS[kind](namespace)}?${OURS}`);
}

export const names = (objects: readonly KubernetesObject[]): string[] =>
  objects.map(({ metadata }) => metadata.name).sort();

export const groupOf = (object: KubernetesObject): string => object.metadata.labels?.["windlass.dev/group"] ?? "";

export function imageIn(deployment: KubernetesObject): string {
  const { template } = deployment.spec as { template: { spec: { containers: { image: string }[] } } };
  return template.spec.containers[0]?.image ?? "";
}

export const replicasIn = (deployment: KubernetesObject): number => (deployment.spec as { replicas: number }).replicas;

export async function deploymentOf(cluster: Cluster, namespace: string, group: string): Promise<KubernetesObject> {
  const found = (await owned(cluster, "Deployment", namespace)).find((one) => groupOf(one) === group);
  if (found === undefined) throw new Error(`no Deployment of ${group} in ${namespace}`);
  return found;
}

/** Pods of a group that are there and not about to go. */
export async function podsOf(cluster: Cluster, namespace: string, group: string): Promise<readonly KubernetesObject[]> {
  const pods = await owned(cluster, "Pod", namespace);
  return pods.filter((pod) => groupOf(pod) === group && pod.metadata.deletionTimestamp === undefined);
}

export async function readyPods(cluster: Cluster, namespace: string, group: string): Promise<number> {
  return (await podsOf(cluster, namespace, group)).filter(isReady).length;
}

/** Weights by backend of a route's rule for everybody. */
export function weightsOf(route: Anything): Record<string, number> {
  const { rules } = route.spec as { rules: { backendRefs: { name: string; weight?: number }[] }[] };
  return Object.fromEntries((rules.at(-1)?.backendRefs ?? []).map(({ name, weight }) => [name, weight ?? 1]));
}

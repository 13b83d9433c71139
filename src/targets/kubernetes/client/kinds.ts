import { WindlassError } from "../../../error.js";
import type { KindName, Reference, Resource } from "./api.js";

type Row = readonly [apiVersion: string, kind: string, plural: string, scope?: "cluster"];

/** Kinds that every cluster serves: nobody is asked for them. */
const ROWS: readonly Row[] = [
  ["v1", "Namespace", "namespaces", "cluster"],
  ["v1", "Node", "nodes", "cluster"],
  ["v1", "PersistentVolume", "persistentvolumes", "cluster"],
  ["v1", "PersistentVolumeClaim", "persistentvolumeclaims"],
  ["v1", "Pod", "pods"],
  ["v1", "Service", "services"],
  ["v1", "Endpoints", "endpoints"],
  ["v1", "ConfigMap", "configmaps"],
  ["v1", "Secret", "secrets"],
  ["v1", "ServiceAccount", "serviceaccounts"],
  ["v1", "Event", "events"],
  ["v1", "ResourceQuota", "resourcequotas"],
  ["v1", "LimitRange", "limitranges"],
  ["apps/v1", "Deployment", "deployments"],
  ["apps/v1", "ReplicaSet", "replicasets"],
  ["apps/v1", "StatefulSet", "statefulsets"],
  ["apps/v1", "DaemonSet", "daemonsets"],
  ["apps/v1", "ControllerRevision", "controllerrevisions"],
  ["batch/v1", "Job", "jobs"],
  ["batch/v1", "CronJob", "cronjobs"],
  ["autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"],
  ["policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"],
  ["networking.k8s.io/v1", "Ingress", "ingresses"],
  ["networking.k8s.io/v1", "IngressClass", "ingressclasses", "cluster"],
  ["networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"],
  ["discovery.k8s.io/v1", "EndpointSlice", "endpointslices"],
  ["coordination.k8s.io/v1", "Lease", "leases"],
  ["rbac.authorization.k8s.io/v1", "Role", "roles"],
  ["rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", "cluster"],
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", "cluster"],
];

const KNOWN: ReadonlyMap<string, Resource> = new Map(
  ROWS.map(([apiVersion, kind, plural, scope]) => {
    const resource = { apiVersion, kind, plural, namespaced: scope !== "cluster" };
    return [keyOf(resource), resource];
  }),
);

export function keyOf({ apiVersion, kind }: KindName): string {
  return `${apiVersion} ${kind}`;
}

export function knownResource(kind: KindName): Resource | null {
  return KNOWN.get(keyOf(kind)) ?? null;
}

/** `/api/v1` or `/apis/<group>/<version>`. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

/** Of all objects, of those of a namespace, or of one. */
export function resourcePath(resource: Resource, namespace: string | undefined, name?: string): string {
  if (resource.namespaced && namespace === undefined && name !== undefined)
    throw new WindlassError("kubernetes-invalid", `${resource.kind} ${name}: a namespace is needed`);
  const within = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const object = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${groupPath(resource.apiVersion)}${within}/${resource.plural}${object}`;
}

/** `Deployment shop/web`, for people. */
export function called({ kind, namespace, name }: Reference): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return given.length === 0 ? "" : `?${given.join("&")}`;
}

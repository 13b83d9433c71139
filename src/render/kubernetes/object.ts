/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

export interface ObjectMeta {
  readonly name: string;
  /** Absent: the object belongs to the whole cluster. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object as it is sent to an API server. `kind` tells which one; everything beside the metadata is the kind's own. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** Everything that is ever rendered, in the order in which it is applied. */
export const KINDS = [
  "Namespace",
  "ServiceAccount",
  "ConfigMap",
  "Secret",
  "Service",
  "Deployment",
  "PodDisruptionBudget",
  "NetworkPolicy",
  "HorizontalPodAutoscaler",
  "HTTPRoute",
  "Ingress",
] as const;
export type Kind = (typeof KINDS)[number];

export const API_VERSIONS: Readonly<Record<Kind, string>> = {
  Namespace: "v1",
  ServiceAccount: "v1",
  ConfigMap: "v1",
  Secret: "v1",
  Service: "v1",
  Deployment: "apps/v1",
  PodDisruptionBudget: "policy/v1",
  NetworkPolicy: "networking.k8s.io/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  HTTPRoute: "gateway.networking.k8s.io/v1",
  Ingress: "networking.k8s.io/v1",
};

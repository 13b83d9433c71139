import type { KubernetesObject } from "./object.js";

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

/** An object as the builder makes it: of one of the kinds above. */
export interface RenderedObject extends KubernetesObject {
  kind: Kind;
}

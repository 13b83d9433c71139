const READ = ["get", "list", "watch"];
const EVERYTHING = [...READ, "create", "patch", "update", "delete"];

/** What docs/explanation/kubernetes.md says that Windlass may do in a namespace that is there, without a gateway. */
export const INSIDE = [
  { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "patch"] },
  { apiGroups: [""], resources: ["configmaps", "secrets", "services", "serviceaccounts"], verbs: EVERYTHING },
  { apiGroups: [""], resources: ["pods", "pods/log", "events"], verbs: READ },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: EVERYTHING },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: READ },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: EVERYTHING },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: EVERYTHING },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies", "ingresses"], verbs: EVERYTHING },
];

/** The same where it makes the namespaces itself, and follows all of them at once. */
export const EVERYWHERE = [...INSIDE, { apiGroups: [""], resources: ["namespaces"], verbs: ["create", "delete"] }];

import type { ClusterTraffic, CompiledKubernetes, CompiledRegistry } from "../compiled-cluster.js";
import { GATEWAY_DEFAULTS, isLocalRegistry, KUBERNETES_DEFAULTS } from "../defaults.js";
import type { AuthoredKubernetes, AuthoredRegistry } from "./authored.js";
import type { Report } from "./report.js";

/** Namespaces of the cluster itself: what Windlass owns it also removes. */
const OF_THE_CLUSTER = ["kube-system", "kube-public", "kube-node-lease"];

/** `hasIngress`: clients from outside reach a service, so without a gateway there are Ingress objects. */
export function kubernetes(written: AuthoredKubernetes, hasIngress: boolean, report: Report): CompiledKubernetes {
  const { kubeconfig, context, namespace = "", pullSecret, drift } = written;
  // The control plane reads it, and knows no directory of the spec.
  if (kubeconfig !== undefined && !kubeconfig.startsWith("/"))
    report
      .below("kubeconfig")
      .add(
        "spec-kubeconfig",
        `"${kubeconfig}" is not an absolute path`,
        "the file stays on the machine that runs Windlass; without one it is KUBECONFIG or ~/.kube/config",
      );
  if (OF_THE_CLUSTER.includes(namespace))
    report
      .below("namespace")
      .add("spec-namespace", `"${namespace}" belongs to the cluster itself`, "an environment owns its namespace");
  return {
    kubeconfig: kubeconfig ?? null,
    context: context ?? null,
    namespace,
    traffic: traffic(written, hasIngress, report),
    ...(pullSecret !== undefined && { pullSecret }),
    drift: drift ?? KUBERNETES_DEFAULTS.drift,
  };
}

function traffic(written: AuthoredKubernetes, hasIngress: boolean, report: Report): ClusterTraffic {
  const { gateway, ingressClass } = written;
  if (gateway !== undefined && ingressClass !== undefined)
    report
      .below("ingressClass")
      .add(
        "spec-cluster-traffic",
        "requests come by a gateway or by an Ingress, not both",
        "a gateway has exact weights",
      );
  if (typeof gateway === "object") {
    if (gateway.metrics !== undefined) checkMetrics(gateway.metrics, report.below("gateway", "metrics"));
    return {
      kind: "gateway",
      name: gateway.name,
      namespace: gateway.namespace ?? GATEWAY_DEFAULTS.namespace,
      section: gateway.section ?? null,
      metrics: gateway.metrics ?? null,
    };
  }
  if (ingressClass !== undefined || hasIngress) return { kind: "ingress", className: ingressClass ?? null };
  return { kind: "replicas" };
}

function checkMetrics(url: string, report: Report): void {
  const isService = /^service:\/\/[a-z0-9-]+\/[a-z0-9.-]+:[a-z0-9-]+\/\S*$/.test(url);
  const parsed = /^https?:/.test(url) && URL.canParse(url) ? new URL(url) : null;
  if (!isService && parsed === null)
    report.add(
      "spec-gateway-metrics",
      "not a URL that can be asked",
      'write "http://host:port/metrics" or "service://namespace/name:port/metrics"',
    );
  else if (parsed !== null && (parsed.username !== "" || parsed.password !== ""))
    report.add("spec-secret-in-url", "the URL holds a user or a password", "leave them out");
}

export function registry(written: AuthoredRegistry): CompiledRegistry {
  return { prefix: written.prefix, insecure: written.insecure ?? isLocalRegistry(written.prefix) };
}

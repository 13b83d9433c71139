import type { Intent } from "../../core/model/intent.js";
import type { CompiledKubernetes } from "../../spec/compiled-cluster.js";
import type { BuildInput } from "./build.js";
import { groupLabels, labelValue, SERVICE, serviceLabels, serviceSelector } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { type Json, rendered } from "./rendered.js";
import type { GroupScope, ServiceScope } from "./scope.js";

/**
 * Who reaches a service: those that call it by the spec, and what brings requests from outside. Everything else is
 * turned away; policies add up, so another one of your own can let more in. What a service reaches is not restricted.
 */
export function policyObject(scope: ServiceScope, input: BuildInput): RenderedObject {
  const { environment, namespace, service, groups, intent } = scope;
  const ports = [...new Set(groups.map(({ containerPort }) => containerPort))].sort((a, b) => a - b);
  const from = intent.traffic === null ? [] : sourcesOf(scope, input);
  const isReached = intent.traffic !== null && ports.length > 0;
  const rule = {
    // Absent: from anywhere.
    from: from ?? undefined,
    ports: ports.map((port) => ({ protocol: "TCP", port })),
  };
  return rendered(
    "NetworkPolicy",
    { name: service, namespace, labels: serviceLabels(environment, service) },
    {
      spec: {
        podSelector: { matchLabels: serviceSelector(service) },
        policyTypes: ["Ingress"],
        // Absent: from nowhere.
        ingress: isReached ? [rule] : undefined,
      },
    },
  );
}

/**
 * While smoke checks of a group are asked for, its port is open: they come from Jobs, and through the API server, whose
 * address nobody knows. It has no other requests then.
 */
export function smokePolicyObject(
  { environment, namespace, service }: ServiceScope,
  group: GroupScope,
  { intent }: BuildInput,
): RenderedObject | null {
  const isChecked = intent.tasks.some((task) => task.service === service && task.group === group.id);
  if (!isChecked || group.selector === null) return null;
  return rendered(
    "NetworkPolicy",
    { name: group.name, namespace, labels: groupLabels(environment, service, group.id, group.name) },
    {
      spec: {
        podSelector: { matchLabels: group.selector },
        policyTypes: ["Ingress"],
        ingress: [{ ports: [{ protocol: "TCP", port: group.containerPort }] }],
      },
    },
  );
}

/** Null: from anywhere. */
function sourcesOf({ settings, intent }: ServiceScope, input: BuildInput): readonly Json[] | null {
  const callers = callersOf(intent.callers ?? [], input);
  const isOutside = intent.traffic?.ingress !== undefined;
  switch (settings.traffic.kind) {
    case "gateway": {
      const namespaces = gatewayNamespaces(settings.traffic);
      return namespaces === null ? null : [...namespaces.map(fromNamespace), ...callers];
    }
    case "ingress":
      // The controller's namespace is known to nobody but the cluster.
      return isOutside ? null : callers.length > 0 ? callers : [ANY_OF_NAMESPACE];
    case "replicas":
      return isOutside || callers.length === 0 ? null : callers;
  }
}

const ANY_OF_NAMESPACE: Json = { podSelector: {} };

function fromNamespace(name: string): Json {
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } };
}

/** A gateway's own pods may be in another namespace than the Gateway; where its requests are counted says which. */
function gatewayNamespaces(traffic: Extract<CompiledKubernetes["traffic"], { kind: "gateway" }>): string[] | null {
  const counted = /^service:\/\/([^/]+)\//.exec(traffic.metrics ?? "")?.[1];
  return counted === undefined ? null : [...new Set([traffic.namespace, counted])].sort();
}

/** An adopted Deployment's pods have labels of their own. */
function callersOf(names: readonly string[], input: BuildInput): readonly Json[] {
  if (names.length === 0) return [];
  const values = names.map(labelValue).sort();
  const adopted = [...names].sort().flatMap((name) => adoptedCaller(input.intent, name, input.adopted?.[name]));
  return [{ podSelector: { matchExpressions: [{ key: SERVICE, operator: "In", values }] } }, ...adopted];
}

function adoptedCaller(intent: Intent, name: string, labels: Readonly<Record<string, string>> | undefined): Json[] {
  if (intent.services[name]?.adopt === undefined) return [];
  return [labels === undefined ? ANY_OF_NAMESPACE : { podSelector: { matchLabels: labels } }];
}

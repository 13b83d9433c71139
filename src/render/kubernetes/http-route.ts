import type { TrafficIntent } from "../../core/model/intent.js";
import type { ClusterTraffic } from "../../spec/compiled-cluster.js";
import { serviceLabels } from "./labels.js";
import { mirrorFilters } from "./mirror.js";
import { dottedName } from "./names.js";
import type { RenderedObject } from "./object.js";
import { gatewayDuration } from "./quantity.js";
import { type Json, type JsonObject, rendered } from "./rendered.js";
import { headerMatchOf } from "./route-match.js";
import { type GroupScope, type ServiceScope, servicePort, weighted } from "./scope.js";
import { stickyBackends, stickyRules } from "./sticky.js";

type GatewayTraffic = Extract<ClusterTraffic, { kind: "gateway" }>;
/** What an HTTPRoute may have (Gateway API 1.x). */
const MOST_RULES = 16;
const MOST_MATCHES = 64;

/**
 * The route of a service through the gateway: its routes, then its sticky clients, then the weights. There is none until
 * something has a weight: a rule without backends would answer 500. `features`: what the gateway's class says it supports.
 */
export function routeObjects(scope: ServiceScope, features: readonly string[]): readonly RenderedObject[] {
  const { environment, namespace, service, settings, intent } = scope;
  const { traffic } = intent;
  if (traffic === null || settings.traffic.kind !== "gateway" || weighted(scope).length === 0) return [];
  const gateway = settings.traffic;
  const hostnames = (traffic.ingress?.hosts.length ?? 0) > 0 ? traffic.ingress?.hosts : [`${service}.${namespace}`];
  const labels = serviceLabels(environment, service);
  const spec = { parentRefs: [parentOf(gateway)], hostnames, rules: rulesOf(scope, traffic, features) };
  const route = rendered("HTTPRoute", { name: service, namespace, labels }, { spec });
  if (traffic.ingress?.redirect !== true || gateway.section === null) return [route];
  const redirect = {
    parentRefs: [{ ...parentOf(gateway, null), port: 80 }],
    hostnames,
    rules: [redirectRule(traffic)],
  };
  return [
    route,
    rendered("HTTPRoute", { name: dottedName(service, "redirect"), namespace, labels }, { spec: redirect }),
  ];
}

function parentOf(gateway: GatewayTraffic, section: string | null = gateway.section): JsonObject {
  return {
    group: "gateway.networking.k8s.io",
    kind: "Gateway",
    name: gateway.name,
    namespace: gateway.namespace,
    sectionName: section ?? undefined,
  };
}

function rulesOf(scope: ServiceScope, traffic: TrafficIntent, features: readonly string[]): readonly Json[] {
  const path = pathOf(traffic);
  const timeouts = { request: gatewayDuration(traffic.policy.requestTimeoutMs) };
  const mirror = mirrorFilters(scope, traffic, features);
  const filters = mirror.length === 0 ? undefined : mirror;
  const routed = routedRules(scope, traffic).map(({ matches, backend }) => ({
    matches: matches.map((header) => ({ path, headers: [header] })),
    backendRefs: [backend],
    timeouts,
  }));
  const sticky = stickyRules(scope, traffic).map(({ header, group }) => ({
    matches: [{ path, headers: [header] }],
    backendRefs: [backendOf(traffic, group, 1)],
    timeouts,
    filters: group.id === traffic.mirror?.group ? undefined : filters,
  }));
  const byWeight = { matches: [{ path }], backendRefs: backendsOf(scope, traffic), timeouts, filters };
  return [...[...routed, ...sticky].slice(0, MOST_RULES - 1), byWeight];
}

function routedRules(scope: ServiceScope, traffic: TrafficIntent): { matches: JsonObject[]; backend: JsonObject }[] {
  return scope.groups.flatMap((group) => {
    const matches = traffic.routes.flatMap((route) => (route.group === group.id ? [headerMatchOf(route.match)] : []));
    if (matches.length === 0) return [];
    return [{ matches: matches.slice(0, MOST_MATCHES), backend: backendOf(traffic, group, 1) }];
  });
}

function backendsOf(scope: ServiceScope, traffic: TrafficIntent): readonly JsonObject[] {
  const sticky = stickyBackends(scope, traffic);
  if (sticky === null) return weighted(scope).map((group) => backendOf(traffic, group, group.weight));
  return sticky.map(({ group, weight, cookie }) => ({
    ...backendOf(traffic, group, weight),
    filters: [
      { type: "ResponseHeaderModifier", responseHeaderModifier: { add: [{ name: "Set-Cookie", value: cookie }] } },
    ],
  }));
}

/** With the defaults of its kind written out: lists of an HTTPRoute are compared as a whole. */
export function backendOf(traffic: TrafficIntent, group: GroupScope, weight: number): JsonObject {
  return { group: "", kind: "Service", name: group.name, port: servicePort(traffic), weight };
}

function pathOf(traffic: TrafficIntent): JsonObject {
  return { type: "PathPrefix", value: traffic.ingress?.path ?? "/" };
}

/** HTTP at the gateway's port 80; the service itself is at the listener that the settings name. */
function redirectRule(traffic: TrafficIntent): JsonObject {
  return {
    matches: [{ path: pathOf(traffic) }],
    filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } }],
  };
}

import type { TrafficIntent } from "../../core/model/intent.js";
import type { JsonObject } from "./rendered.js";
import { type ServiceScope, servicePort } from "./scope.js";

/**
 * Copies of requests to the mirror's group. Left out unless the gateway's class says that it can: one that cannot would
 * answer 500, and one that cannot do shares would copy everything. A rule is copied as a whole, the group's own share too.
 */
export function mirrorFilters(
  scope: ServiceScope,
  traffic: TrafficIntent,
  features: readonly string[],
): readonly JsonObject[] {
  const { mirror } = traffic;
  const group = scope.groups.find(({ id }) => id === mirror?.group);
  if (mirror === undefined || group === undefined || !canMirror(mirror.percent, features)) return [];
  const backendRef = { group: "", kind: "Service", name: group.name, port: servicePort(traffic) };
  const percent = mirror.percent === 100 ? undefined : mirror.percent;
  return [{ type: "RequestMirror", requestMirror: { backendRef, percent } }];
}

export function canMirror(percent: number, features: readonly string[]): boolean {
  return (
    features.includes("HTTPRouteRequestMirror") &&
    (percent === 100 || features.includes("HTTPRouteRequestPercentageMirror"))
  );
}

import { groupLabels, type Labels, serviceLabels } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { PORT_NAME } from "./probe.js";
import { type JsonObject, rendered } from "./rendered.js";
import { type GroupScope, leadsTo, type ServiceScope, servicePort } from "./scope.js";

/** One Service per group, which a route's weights lead to, and `<service>`, which other services call. */
export function serviceObjects(scope: ServiceScope): readonly RenderedObject[] {
  const { environment, namespace, service, groups, intent } = scope;
  if (intent.traffic === null) return [];
  const port = servicePort(intent.traffic);
  const all = leadsTo(scope);
  const objects = groups.flatMap((group) => {
    const labels = groupLabels(environment, service, group.id, group.name);
    if (group.selector === null) return [];
    return [rendered("Service", { name: group.name, namespace, labels }, bodyOf(port, group.selector, group))];
  });
  if (all === null) return objects;
  const naming = { name: service, namespace, labels: serviceLabels(environment, service) };
  return [...objects, rendered("Service", naming, bodyOf(port, all.selector, all.only))];
}

function bodyOf(port: number, selector: Labels, group: GroupScope | null): JsonObject {
  // Nobody knows how an adopted Deployment names its port.
  const targetPort = group?.adopted === true ? group.containerPort : PORT_NAME;
  return { spec: { type: "ClusterIP", selector, ports: [{ name: PORT_NAME, port, protocol: "TCP", targetPort }] } };
}

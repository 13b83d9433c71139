import { serviceLabels, serviceSelector } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { rendered } from "./rendered.js";
import type { ServiceScope } from "./scope.js";

/**
 * Nodes may be emptied one replica at a time, or a tenth of them: a percentage is rounded up, and follows an autoscaler.
 * One per service, so a rollout changes nothing here; replicas that are not ready may always be moved.
 */
export function disruptionObject({ environment, namespace, service }: ServiceScope): RenderedObject {
  return rendered(
    "PodDisruptionBudget",
    { name: service, namespace, labels: serviceLabels(environment, service) },
    {
      spec: {
        maxUnavailable: "10%",
        selector: { matchLabels: serviceSelector(service) },
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
  );
}

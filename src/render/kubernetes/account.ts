import { serviceLabels } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { rendered } from "./rendered.js";
import type { ServiceScope } from "./scope.js";

/**
 * The account of a service's pods. It may do nothing, and its pods get no token; what it is for is that nothing else's
 * rights are theirs, and the secret that images are pulled by: the cluster copies it from here into each new pod, so
 * another one makes no new template and restarts nothing.
 */
export function accountObject({ environment, namespace, service, settings }: ServiceScope): RenderedObject {
  const { pullSecret } = settings;
  return rendered(
    "ServiceAccount",
    { name: service, namespace, labels: serviceLabels(environment, service) },
    {
      automountServiceAccountToken: false,
      imagePullSecrets: pullSecret === undefined ? undefined : [{ name: pullSecret }],
    },
  );
}

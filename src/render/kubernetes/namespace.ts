import type { BuildInput } from "./build.js";
import { ownerLabels } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { rendered } from "./rendered.js";
import { settingsOf } from "./scope.js";

const LEVEL = "pod-security.kubernetes.io/";

/**
 * The environment's namespace. `restricted` is enforced on what Windlass makes; while an adopted Deployment is there it
 * is only warned about, or a pod of it that fails could not come back.
 */
export function namespaceObject({ environment, intent }: BuildInput): RenderedObject {
  const adopts = Object.values(intent.services).some(({ adopt }) => adopt !== undefined);
  const labels = {
    ...ownerLabels(environment),
    ...(!adopts && { [`${LEVEL}enforce`]: "restricted" }),
    [`${LEVEL}audit`]: "restricted",
    [`${LEVEL}warn`]: "restricted",
  };
  return rendered("Namespace", { name: settingsOf(intent).namespace, labels }, {});
}

import { groupSelector } from "../../../render/kubernetes/labels.js";
import type { Kubernetes } from "../client/api.js";
import type { DeploymentSeen } from "../seen/deployment.js";
import { HANDOVER, MANAGER } from "./send.js";

/** Whether a Deployment was there before Windlass: it selects its pods by labels of its own. */
export function wasTakenOver({ name, service, selector }: DeploymentSeen): boolean {
  const ours = groupSelector(service ?? "", name);
  return Object.entries(ours).some(([label, value]) => selector[label] !== value);
}

/** A Deployment that was taken over and not replaced goes on as it is; nothing of Windlass's stays on it. */
export async function giveBack(client: Kubernetes, namespace: string, seen: DeploymentSeen): Promise<void> {
  const bare = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: seen.name, namespace } };
  // Who leaves a field that nobody else owns sets it to its default: one replica.
  await client.apply({ ...bare, spec: { replicas: seen.replicas } }, { manager: HANDOVER, force: true });
  await client.apply(bare, { manager: MANAGER, force: false });
}

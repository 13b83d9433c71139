import type { EnvironmentKey, GroupId, Intent, ServiceName } from "../../core/model/intent.js";
import type { Labels } from "./labels.js";
import type { RenderedObject } from "./object.js";

/** Values by variable of the secrets and resources that a group's replicas get. */
export type SecretValues = (service: ServiceName, group: GroupId) => Readonly<Record<string, string>>;

export interface BuildInput {
  readonly environment: EnvironmentKey;
  /** Of a cluster: `kubernetes` is there. */
  readonly intent: Intent;
  /** Null: Secrets are left out; what refers to them stays. */
  readonly secrets: SecretValues | null;
  /** Labels by which the adopted Deployment of a service selects its pods, as found in the cluster; absent: not known. */
  readonly adopted?: Readonly<Record<ServiceName, Labels>>;
}

/**
 * Everything that is to be in the cluster for an intent, in the order in which it is applied. The same input gives the
 * same objects with the same order of keys. Throws `kubernetes-command` for a workload that is not an image.
 */
export function kubernetesObjects(input: BuildInput): readonly RenderedObject[] {
  void input;
  return [];
}

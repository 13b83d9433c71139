import { DIGEST, GROUP, SERVICE } from "../../../render/kubernetes/labels.js";
import type { KubernetesObject } from "../../../render/kubernetes/object.js";
import { condition, list, number, record, text } from "./field.js";
import { keepOwned, type OwnedSeen } from "./owned.js";

export interface DeploymentSeen extends OwnedSeen {
  readonly name: string;
  readonly service: string | null;
  readonly group: string | null;
  /** Of the workload that its template was made from. */
  readonly digest: string | null;
  readonly replicas: number;
  readonly selector: Readonly<Record<string, string>>;
  /** Images of its containers, by name. */
  readonly images: Readonly<Record<string, string>>;
  /** The controller has seen what the spec says now. */
  readonly observed: boolean;
  /** Why no pod can be made at all: quota, admission, a missing service account. */
  readonly failure: string | null;
}

export function keepDeployment(object: KubernetesObject): DeploymentSeen {
  const { metadata, spec, status } = object;
  const failure = condition(list(status, "conditions"), "ReplicaFailure");
  const images = list(spec, "template", "spec", "containers").map((one): [string, string] => [
    text(one, "name") ?? "",
    text(one, "image") ?? "",
  ]);
  return {
    ...keepOwned(object),
    name: metadata.name,
    service: text(metadata, "labels", SERVICE),
    group: text(metadata, "labels", GROUP),
    digest: text(metadata, "annotations", DIGEST),
    replicas: number(spec, "replicas") ?? 1,
    selector: record(spec, "selector", "matchLabels") as Readonly<Record<string, string>>,
    images: Object.fromEntries(images),
    observed: (number(status, "observedGeneration") ?? 0) >= (number(metadata, "generation") ?? 0),
    failure: failure?.status === "True" ? failure.message || failure.reason : null,
  };
}

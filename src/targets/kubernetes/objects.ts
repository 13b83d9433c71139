import type { EnvironmentKey, GroupId, Intent, ServiceName } from "../../core/model/intent.js";
import type { ResourceObservation } from "../../core/model/observation.js";
import { kubernetesObjects } from "../../render/kubernetes/build.js";
import { deploymentName } from "../../render/kubernetes/names.js";
import type { RenderedObject } from "../../render/kubernetes/object.js";
import type { CompiledKubernetes } from "../../spec/compiled-cluster.js";
import { adoptionProblem } from "./adoption.js";
import type { Cluster } from "./cluster.js";
import { groupKey, groupSecrets, type SecretStore, withoutMissing } from "./group-secrets.js";

export interface WantedObjects {
  readonly objects: readonly RenderedObject[];
  /** Groups that cannot run yet, by group key, and why: nothing of them is sent. */
  readonly missing: ReadonlyMap<string, string>;
}

/** What an intent comes to in this cluster: with values of secrets, and with what only the cluster knows. */
export async function objectsFor(
  cluster: Cluster,
  environment: EnvironmentKey,
  { namespace, traffic }: CompiledKubernetes,
  intent: Intent,
  secrets: SecretStore,
): Promise<WantedObjects> {
  const written = (service: ServiceName, group: GroupId): boolean => {
    const digest = intent.services[service]?.groups[group]?.digest ?? "";
    return cluster.owned.get("Secret")?.get(namespace, deploymentName(service, group, digest)) !== undefined;
  };
  const { values, missing } = groupSecrets(environment, intent, secrets, written);
  const adoption = await cluster.adoptable(namespace, intent);
  const blocked = new Map([...missing, ...adoptionProblem(intent, adoption)]);
  // Only a mirror needs to know: nobody is asked for its sake otherwise.
  const mirrors = Object.values(intent.services).some((service) => service.traffic?.mirror !== undefined);
  const objects = kubernetesObjects({
    ...(mirrors && { gatewayFeatures: await cluster.features.of(traffic) }),
    environment,
    intent: withoutMissing(intent, blocked),
    secrets: (service, group) => values.get(groupKey(service, group)) ?? {},
    adopted: Object.fromEntries([...adoption].map(([service, { selector }]) => [service, selector])),
  });
  return { objects, missing: blocked };
}

/** A cluster's databases are somebody else's: their URL is a secret, and whether they answer shows in the probes. */
export function resourcesOf(intent: Intent): Readonly<Record<string, ResourceObservation>> {
  return Object.fromEntries(
    Object.entries(intent.resources).map(([name, { source }]) => [
      name,
      source.kind === "external"
        ? { phase: "ready", detail: `external, by the secret ${source.urlSecret}` }
        : { phase: "failed", detail: "a cluster has no resources that Windlass runs: make it external" },
    ]),
  );
}

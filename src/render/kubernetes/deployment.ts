import { containerOf } from "./container.js";
import { DIGEST, groupLabels, groupSelector, labelValue, RELEASE, VERSION } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { seconds } from "./quantity.js";
import { type JsonObject, rendered } from "./rendered.js";
import type { GroupScope, ServiceScope } from "./scope.js";

/** /tmp of a replica; everything else of its file system is read-only. */
const TEMPORARY_BYTES = "256Mi";

/**
 * A group. Its template is a function of the group alone, so nothing that happens to other groups restarts it. Of an
 * adopted Deployment only labels and size are ours: template and selector stay as they were found.
 */
export function deploymentObject(scope: ServiceScope, group: GroupScope): RenderedObject {
  const { environment, namespace, service } = scope;
  const labels = {
    ...groupLabels(environment, service, group.id, group.name),
    [VERSION]: labelValue(group.intent.label),
  };
  const naming = {
    name: group.deployment,
    namespace,
    labels,
    annotations: { [DIGEST]: group.intent.digest, [RELEASE]: group.intent.label },
  };
  // An autoscaler owns the number.
  const replicas = typeof group.intent.replicas === "number" ? group.intent.replicas : undefined;
  if (group.adopted) return rendered("Deployment", naming, { spec: replicas === undefined ? undefined : { replicas } });
  return rendered("Deployment", naming, {
    spec: {
      replicas,
      selector: { matchLabels: groupSelector(service, group.name) },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      revisionHistoryLimit: 1,
      progressDeadlineSeconds: 600,
      template: { metadata: { labels }, spec: podOf(scope, group) },
    },
  });
}

function podOf({ environment, service }: ServiceScope, group: GroupScope): JsonObject {
  const { workload } = group.intent;
  const selector = { matchLabels: groupSelector(service, group.name) };
  const spread = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: selector,
  });
  return {
    serviceAccountName: service,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    terminationGracePeriodSeconds: Math.max(1, seconds((workload.pod?.drainMs ?? 0) + workload.stopGraceMs)),
    topologySpreadConstraints: [spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")],
    containers: [containerOf(environment, service, group)],
    volumes: [{ name: "tmp", emptyDir: { sizeLimit: TEMPORARY_BYTES } }],
  };
}

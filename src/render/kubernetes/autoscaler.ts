import type { CompiledScaling } from "../../spec/compiled-cluster.js";
import { groupLabels } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { seconds } from "./quantity.js";
import { type Json, type JsonObject, rendered } from "./rendered.js";
import type { GroupScope, ServiceScope } from "./scope.js";

/** The longest window that an API server takes. */
const LONGEST_WINDOW = 3_600;

/** Moves the one group whose replicas are a range. It selects that group's pods only, so a canary's are never counted. */
export function autoscalerObject(
  { environment, namespace, service, intent }: ServiceScope,
  group: GroupScope,
): RenderedObject | null {
  const { replicas } = group.intent;
  if (typeof replicas === "number") return null;
  return rendered(
    "HorizontalPodAutoscaler",
    { name: group.name, namespace, labels: groupLabels(environment, service, group.id, group.name) },
    {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: group.deployment },
        minReplicas: Math.max(1, replicas.min),
        maxReplicas: Math.max(1, replicas.max),
        ...(intent.scaling !== undefined && ruleOf(intent.scaling)),
      },
    },
  );
}

function ruleOf({ cpu, memory, upMs, downMs }: CompiledScaling): JsonObject {
  const metrics = [...metric("cpu", cpu), ...metric("memory", memory)];
  return {
    metrics: metrics.length === 0 ? undefined : metrics,
    behavior: { scaleUp: lasting(upMs), scaleDown: lasting(downMs) },
  };
}

function metric(name: string, share: number | null): readonly Json[] {
  if (share === null) return [];
  const averageUtilization = Math.max(1, Math.round(share * 100));
  return [{ type: "Resource", resource: { name, target: { type: "Utilization", averageUtilization } } }];
}

function lasting(milliseconds: number): JsonObject {
  return { stabilizationWindowSeconds: Math.min(seconds(milliseconds), LONGEST_WINDOW) };
}

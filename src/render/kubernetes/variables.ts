import type { EnvironmentKey, ServiceName, Workload } from "../../core/model/intent.js";
import type { Json } from "./rendered.js";
import type { GroupScope } from "./scope.js";

/** Values that are no secret, by variable. */
export function plainValues({ environment }: Workload): Readonly<Record<string, string>> {
  const values = Object.entries(environment).flatMap(([name, value]) =>
    value.kind === "plain" ? [[name, value.value] as const] : [],
  );
  return Object.fromEntries(values);
}

/** Variables whose values come from the group's Secret: secrets of the spec, and URLs of resources. Sorted. */
export function secretVariables({ environment, uses }: Workload): readonly string[] {
  const secret = Object.entries(environment).flatMap(([name, value]) => (value.kind === "secret" ? [name] : []));
  return [...new Set([...secret, ...uses.map(({ variable }) => variable)])].sort();
}

/**
 * What a replica gets from Windlass itself, as on a host; it wins over the spec's own variables, except for what an
 * OpenTelemetry SDK reads. `WINDLASS_REPLICA` stands first, because others refer to it.
 */
export function ownVariables(environment: EnvironmentKey, service: ServiceName, group: GroupScope): readonly Json[] {
  const { workload, label } = group.intent;
  const own = {
    WINDLASS_SERVICE: service,
    WINDLASS_RELEASE: label,
    WINDLASS_GROUP: group.id,
    WINDLASS_ENVIRONMENT: environment,
    ...(workload.hasPort && { PORT: String(group.containerPort), HOST: "0.0.0.0" }),
  };
  const telemetry = {
    OTEL_SERVICE_NAME: literal(service),
    OTEL_RESOURCE_ATTRIBUTES: [
      "service.instance.id=$(WINDLASS_REPLICA)",
      `windlass.environment=${literal(encodeURIComponent(environment))}`,
      `windlass.group=${literal(encodeURIComponent(group.id))}`,
    ].join(","),
  };
  return [
    { name: "WINDLASS_REPLICA", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
    ...Object.entries(own).map(([name, value]) => ({ name, value: literal(value) })),
    ...Object.entries(telemetry).flatMap(([name, value]) =>
      workload.environment[name] === undefined ? [{ name, value }] : [],
    ),
  ];
}

/** Kubernetes expands `$(NAME)` in commands and values; a dollar sign that is meant is written twice. */
export function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}

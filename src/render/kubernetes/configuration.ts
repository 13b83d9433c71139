import type { GroupId, ServiceName } from "../../core/model/intent.js";
import { WindlassError } from "../../error.js";
import type { SecretValues } from "./build.js";
import { groupLabels } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { rendered } from "./rendered.js";
import type { GroupScope, ServiceScope } from "./scope.js";
import { plainValues, secretVariables } from "./variables.js";

/**
 * A group's ConfigMap and Secret, immutable and named as its Deployment, so that configuration goes back with the code.
 * An adopted Deployment has its own.
 */
export function configurationObjects(
  { environment, namespace, service }: ServiceScope,
  group: GroupScope,
  secrets: SecretValues | null,
): readonly RenderedObject[] {
  if (group.adopted) return [];
  const { workload } = group.intent;
  const naming = { name: group.name, namespace, labels: groupLabels(environment, service, group.id, group.name) };
  const plain = plainValues(workload);
  const secret = secretVariables(workload);
  const objects: RenderedObject[] = [];
  if (Object.keys(plain).length > 0) objects.push(rendered("ConfigMap", naming, { immutable: true, data: plain }));
  if (secret.length > 0 && secrets !== null) {
    const values = secrets(service, group.id);
    const data = Object.fromEntries(secret.map((name) => [name, base64(secretOf(values, name, service))]));
    objects.push(rendered("Secret", naming, { type: "Opaque", immutable: true, data }));
  }
  return objects;
}

function secretOf(values: Readonly<Record<string, string>>, variable: string, service: string): string {
  const value = values[variable];
  if (value !== undefined) return value;
  throw new WindlassError("kubernetes-secret-missing", `${service} has no value for ${variable}`, {
    hint: "Set the secret that it stands for with `windlass secret set`.",
  });
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

/** A Secret that a group refers to, and the variables that it has to have. */
export interface SecretNeed {
  readonly name: string;
  readonly service: ServiceName;
  readonly group: GroupId;
  readonly variables: readonly string[];
}

export function secretNeedsOf({ service, groups }: ServiceScope): readonly SecretNeed[] {
  return groups.flatMap(({ id, name, adopted, intent }) => {
    const variables = secretVariables(intent.workload);
    return adopted || variables.length === 0 ? [] : [{ name, service, group: id, variables }];
  });
}

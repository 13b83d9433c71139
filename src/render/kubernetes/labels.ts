import type { EnvironmentKey, GroupId, ServiceName } from "../../core/model/intent.js";
import { digestOf } from "../../spec/digest.js";

export const MANAGED_BY = "app.kubernetes.io/managed-by";
export const NAME = "app.kubernetes.io/name";
export const PART_OF = "app.kubernetes.io/part-of";
export const INSTANCE = "app.kubernetes.io/instance";
export const VERSION = "app.kubernetes.io/version";
export const SYSTEM = "windlass.dev/system";
export const ENVIRONMENT = "windlass.dev/environment";
export const SERVICE = "windlass.dev/service";
export const GROUP = "windlass.dev/group";
/** Pods that run a smoke check of a service; no Service selects them. */
export const SMOKE = "windlass.dev/smoke";
/** Annotation: `sha256:<hex>` of the workload that a group's Deployment runs. */
export const DIGEST = "windlass.dev/digest";
/** Annotation: the release's label, as people know it. */
export const RELEASE = "windlass.dev/release";

export type Labels = Readonly<Record<string, string>>;

/** On every object: whose it is. Also what to select by when everything of an environment is looked for. */
export function ownerLabels(environment: EnvironmentKey): Labels {
  const slash = environment.indexOf("/");
  const system = labelValue(environment.slice(0, slash));
  return {
    [MANAGED_BY]: "windlass",
    [PART_OF]: system,
    [SYSTEM]: system,
    [ENVIRONMENT]: labelValue(environment.slice(slash + 1)),
  };
}

export function serviceLabels(environment: EnvironmentKey, service: ServiceName): Labels {
  return { ...ownerLabels(environment), [NAME]: labelValue(service), [SERVICE]: labelValue(service) };
}

/** `name`: the group's Deployment, the one label that no other group has. */
export function groupLabels(environment: EnvironmentKey, service: ServiceName, group: GroupId, name: string): Labels {
  return { ...serviceLabels(environment, service), [GROUP]: labelValue(group), [INSTANCE]: name };
}

/** What a group's Deployment selects for ever. */
export function groupSelector(service: ServiceName, name: string): Labels {
  return { [INSTANCE]: name, [SERVICE]: labelValue(service) };
}

/** All pods of a service, whatever their group; those of an adopted Deployment are not among them. */
export function serviceSelector(service: ServiceName): Labels {
  return { [SERVICE]: labelValue(service) };
}

const LONGEST_VALUE = 63;

/** A label's value that says the same: what it cannot hold becomes a dash, and what is changed or cut gets digits. */
export function labelValue(text: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(text)) return text;
  const safe = text
    .replace(/[^A-Za-z0-9_.-]/g, "-")
    .slice(0, LONGEST_VALUE - 11)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  const digits = digestOf(text).slice("sha256:".length, "sha256:".length + 10);
  return safe === "" ? digits : `${safe}-${digits}`;
}

import { createHash } from "node:crypto";
import type { ReplicaIdentity } from "../supervisor/replica.js";

export const LABEL = {
  instance: "windlass.instance",
  environment: "windlass.environment",
  service: "windlass.service",
  group: "windlass.group",
  replica: "windlass.replica",
  number: "windlass.number",
  digest: "windlass.digest",
} as const;

/** Longer names are cut; the Engine itself has no limit, but tools and people do. */
const LONGEST = 120;

/** `windlass-<instance>-<system>.<environment>-<replica>`: the same for the same replica, different for different ones. */
export function containerName(instance: string, { environment, id }: Pick<ReplicaIdentity, "environment" | "id">) {
  return named(`windlass-${instance}-`, `${environment.replace("/", ".")}-${id}`, `${environment}/${id}`);
}

export function networkName(instance: string, environment: string): string {
  return named(`windlass-${instance}-`, environment.replace("/", "."), environment);
}

export function containerLabels(instance: string, identity: ReplicaIdentity, digest: string): Record<string, string> {
  return {
    [LABEL.instance]: instance,
    [LABEL.environment]: identity.environment,
    [LABEL.service]: identity.service,
    [LABEL.group]: identity.group,
    [LABEL.replica]: identity.id,
    [LABEL.number]: String(identity.number),
    [LABEL.digest]: digest,
  };
}

/** What the Engine takes as a name; one that had to be changed ends with digits of what it was. */
function named(prefix: string, wanted: string, key: string): string {
  const safe = wanted.replaceAll(/[^a-zA-Z0-9_.-]/g, "-");
  if (safe === wanted && prefix.length + safe.length <= LONGEST) return `${prefix}${safe}`;
  const digits = createHash("sha256").update(key).digest("hex").slice(0, 10);
  return `${prefix}${safe.slice(0, LONGEST - prefix.length - digits.length - 1)}-${digits}`;
}

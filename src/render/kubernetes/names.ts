import type { GroupId, ServiceName } from "../../core/model/intent.js";
import { digestOf } from "../../spec/digest.js";

/** Names of Services and of a pod's host are DNS labels (RFC 1123). */
export const LONGEST_NAME = 63;
/** What a ReplicaSet and its pods append: `-<10 characters>-<5 characters>`. */
const POD_SUFFIX = 17;
const DIGITS = 10;

/**
 * Name of the Deployment, the Services and the configuration of a group: `<service>-<ten hex digits>`. The digits are of
 * service, group and workload, so two groups never share one, however much of the service's name is cut off.
 */
export function deploymentName(service: ServiceName, group: GroupId, digest: string): string {
  const digits = hexOf({ service, group, digest });
  return `${cut(service, LONGEST_NAME - POD_SUFFIX - DIGITS - 1)}-${digits}`;
}

/** Name of a second object of one kind: `<service>.<suffix>`. No service has a dot in its name, so nothing else is called so. */
export function dottedName(service: ServiceName, suffix: string): string {
  const whole = `${service}.${suffix}`;
  if (whole.length <= LONGEST_NAME) return whole;
  return `${cut(service, LONGEST_NAME - suffix.length - DIGITS - 2)}-${hexOf({ service })}.${suffix}`;
}

function cut(name: string, length: number): string {
  return name.slice(0, length).replace(/-+$/, "");
}

function hexOf(value: unknown): string {
  return digestOf(value).slice("sha256:".length, "sha256:".length + DIGITS);
}

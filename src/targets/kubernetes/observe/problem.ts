import type { PodSeen } from "../seen/pod.js";

/** Waiting longer changes none of these: somebody has to change something. */
const HOPELESS: ReadonlySet<string> = new Set([
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

/** Pods on their way out still count: what a quota refuses until they are gone is only late. */
const QUOTA = /exceeded quota/;

/**
 * Why a group cannot have replicas at all, or null. `ErrImagePull` is not one: a registry may hiccup once, and the
 * second failure is called `ImagePullBackOff`.
 */
export function problemOf(
  pods: readonly PodSeen[],
  failure: string | null,
  refusal: string | null,
  /** Other pods of the environment are about to go, or have just gone. */
  leftLately: boolean,
): string | null {
  if (refusal !== null) return refusal;
  if (failure !== null && !(leftLately && QUOTA.test(failure))) return `no pod can be made: ${failure}`;
  const pod = pods.find((one) => !one.deleting && one.waiting !== null && HOPELESS.has(one.waiting.reason));
  if (pod?.waiting == null) return null;
  return `${pod.name}: ${pod.waiting.reason}${pod.waiting.message === "" ? "" : `: ${pod.waiting.message}`}`;
}

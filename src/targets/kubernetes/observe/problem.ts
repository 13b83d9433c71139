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

const PULLS: ReadonlySet<string> = new Set(["ImagePullBackOff", "ErrImagePull"]);
/** How registries, containerd and Docker say that one has to log in. */
const NOT_LET_IN = /\b40[13]\b|unauthorized|authorization failed|access denied|no basic auth/i;
const PULL_HINT = "a registry that asks for a login needs `pullSecret` in the spec, and that secret in the namespace";

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
  const { reason, message } = pod.waiting;
  const said = `${pod.name}: ${reason}${message === "" ? "" : `: ${message}`}`;
  return PULLS.has(reason) && NOT_LET_IN.test(message) ? `${said}; ${PULL_HINT}` : said;
}

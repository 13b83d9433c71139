import type { GroupObservation } from "../../../core/model/observation.js";
import type { PodSeen } from "../seen/pod.js";
import type { Failure } from "./failing.js";

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

/** What else is known of a group than its pods. */
export interface GroupTrouble {
  readonly failure: Failure | undefined;
  /** What the API server refused. */
  readonly refusal: string | null;
  /** Other pods of the environment are about to go, or have just gone. */
  readonly leftLately: boolean;
}

/**
 * Why a group cannot have replicas at all (`problem`), or has none yet (`late`). `ErrImagePull` is neither: a registry may
 * hiccup once, and the second failure is called `ImagePullBackOff`.
 */
export function troubleOf(
  pods: readonly PodSeen[],
  { failure, refusal, leftLately }: GroupTrouble,
): Pick<GroupObservation, "problem" | "late"> {
  if (refusal !== null) return { problem: refusal };
  const said = failure === undefined ? null : `no pod can be made: ${failure.said}`;
  const passes = failure?.passes === true || (leftLately && QUOTA.test(failure?.said ?? ""));
  if (said !== null && !passes) return { problem: said };
  return { problem: hopeless(pods), ...(said !== null && { late: said }) };
}

function hopeless(pods: readonly PodSeen[]): string | null {
  const pod = pods.find((one) => !one.deleting && one.waiting !== null && HOPELESS.has(one.waiting.reason));
  if (pod?.waiting == null) return null;
  const { reason, message } = pod.waiting;
  const said = `${pod.name}: ${reason}${message === "" ? "" : `: ${message}`}`;
  return PULLS.has(reason) && NOT_LET_IN.test(message) ? `${said}; ${PULL_HINT}` : said;
}

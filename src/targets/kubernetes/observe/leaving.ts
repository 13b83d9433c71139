import type { DeploymentSeen } from "../seen/deployment.js";
import type { PodSeen } from "../seen/pod.js";

/** So long after the last pod went, what was refused because of it is tried again: controllers back off meanwhile. */
const LATELY_MS = 30_000;

/** Whether pods of an environment are about to go, or have just gone: what a quota refuses meanwhile is only late. */
export class Leaving {
  #leaving = false;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** Looks at what there is now. */
  look(pods: readonly PodSeen[], deployments: Iterable<DeploymentSeen>): void {
    const counts = new Map<string, number>();
    for (const { service, group, deleting, phase } of pods)
      if (!deleting && phase !== "Failed" && phase !== "Succeeded")
        counts.set(`${service} ${group}`, (counts.get(`${service} ${group}`) ?? 0) + 1);
    const shrinks = [...deployments].some(
      ({ service, group, replicas }) => (counts.get(`${service} ${group}`) ?? 0) > replicas,
    );
    this.#leaving = shrinks || pods.some(({ deleting }) => deleting);
  }

  lately(now: number): boolean {
    if (this.#leaving) this.#lastAt = now;
    return now - this.#lastAt < LATELY_MS;
  }
}

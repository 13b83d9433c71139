import type { DeploymentSeen } from "../seen/deployment.js";

/** How the cluster's own trouble sounds where a controller could make no pod: nobody has to change the Deployment for it. */
const PASSES =
  /\bUser "[^"]*" cannot |failed calling webhook|status unknown for quota|error looking up service account|etcdserver: |connection refused|context deadline exceeded|currently unable to handle the request/;
/** Controllers wait twice as long after each failure: after an outage of half a minute they try again within a minute. */
const PASSING_MS = 60_000;

/** Why a Deployment has no pods. */
export interface Failure {
  readonly said: string;
  /** Waiting for it changes something, most of the time. */
  readonly passes: boolean;
}

/** Why Deployments can have no pods. What passes by itself most of the time stands when it has lasted for a minute. */
export class Failing {
  /** Since when, by Deployment. */
  readonly #since = new Map<string, number>();
  /** Something is waited out: look again, though nothing will change. */
  pending = false;

  /** By the Deployment's name. */
  hold(deployments: Iterable<DeploymentSeen>, now: number): ReadonlyMap<string, Failure> {
    const told = new Map<string, Failure>();
    const passing = new Set<string>();
    this.pending = false;
    for (const { name, failure } of deployments) {
      if (failure === null) continue;
      let passes = PASSES.test(failure);
      if (passes) {
        passing.add(name);
        const since = this.#since.get(name) ?? now;
        this.#since.set(name, since);
        passes = now - since < PASSING_MS;
        this.pending ||= passes;
      }
      told.set(name, { said: failure, passes });
    }
    for (const name of this.#since.keys()) if (!passing.has(name)) this.#since.delete(name);
    return told;
  }
}

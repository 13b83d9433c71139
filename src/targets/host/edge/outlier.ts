import type { EdgePolicy } from "../../../spec/compiled.js";

/** Whether a replica is passed over because of its own failures, whatever its readiness probe says. */
export interface OutlierState {
  readonly failures: number;
  readonly successes: number;
  readonly out: boolean;
}

/**
 * success, failure: a request that the replica answered, or did not (connection failed, no answer in time, or a
 * gateway answer 502, 503, 504; a 500 is the application's own and a matter for the analysis). The others are probes.
 */
export type OutlierEvent = "success" | "failure" | "probe-success" | "probe-failure";

export const SOUND: OutlierState = { failures: 0, successes: 0, out: false };

/** Out after n failures in a row, in again after m successes in a row. Returns the same object when nothing changes. */
export function judge(
  state: OutlierState,
  event: OutlierEvent,
  policy: Pick<EdgePolicy, "outAfterFailures" | "inAfterSuccesses">,
): OutlierState {
  const good = event === "success" || event === "probe-success";
  if (!state.out) {
    if (good) return state.failures === 0 ? state : SOUND;
    const failures = state.failures + 1;
    return { failures, successes: 0, out: failures >= policy.outAfterFailures };
  }
  if (!good) return state.successes === 0 ? state : { ...state, successes: 0 };
  const successes = state.successes + 1;
  return successes >= policy.inAfterSuccesses ? SOUND : { ...state, successes };
}

/** Answers that a replica gives when it cannot answer. */
export const isGatewayFailure = (status: number): boolean => status === 502 || status === 503 || status === 504;

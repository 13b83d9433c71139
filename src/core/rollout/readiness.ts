import type { GroupId } from "../model/intent.js";
import type { ExitReport, GroupObservation, Observation, ServiceObservation } from "../model/observation.js";

/** Replicas of the group that are ready and run the digest they should. */
export function readyReplicas(
  seen: ServiceObservation | undefined,
  group: GroupId | null,
  digest: string | null,
): number {
  const observed = group === null ? undefined : seen?.groups[group];
  if (observed === undefined || (digest !== null && observed.digest !== digest)) return 0;
  return observed.replicas.filter((replica) => replica.phase === "ready").length;
}

/** Processes of the group that exist, stopping ones included: a stop-first worker waits for 0. */
export function presentReplicas(seen: ServiceObservation | undefined, group: GroupId | null): number {
  return group === null ? 0 : (seen?.groups[group]?.replicas.length ?? 0);
}

/** The target took over what was last decided, and this observation was made after it. */
export function isFresh(observation: Observation, intentVersion: number): boolean {
  return observation.applied !== null && observation.applied.revision >= intentVersion;
}

/** The edge says that exactly these weights are in force. Null weights (edge silent) are never in force. */
export function weightsInForce(
  seen: ServiceObservation | undefined,
  weights: Readonly<Record<GroupId, number>>,
  routed: GroupId | null,
): boolean {
  if (seen === undefined || seen.weights === null || seen.routed === null) return false;
  const asked = Object.entries(weights).filter(([, weight]) => weight > 0);
  const found = Object.entries(seen.weights).filter(([, weight]) => weight > 0);
  if (asked.length !== found.length || asked.some(([group, weight]) => seen.weights?.[group] !== weight)) return false;
  return routed === null ? seen.routed.length === 0 : seen.routed.every((group) => group === routed);
}

export interface StartTrouble {
  readonly sentence: string;
  readonly exit: ExitReport | null;
}

/** Why a group will not come up, when waiting longer is pointless: a crash loop, or it cannot be started at all. */
export function startTrouble(group: GroupObservation | undefined): StartTrouble | null {
  if (group === undefined) return null;
  if (group.problem !== null) return { sentence: group.problem, exit: null };
  const looping = group.replicas.find((replica) => replica.crashLoop);
  if (looping === undefined) return null;
  const exit = looping.lastExit;
  return { sentence: `${looping.id} keeps ending (${exit?.message ?? "exit unknown"})`, exit };
}

/** The most telling thing to say about replicas that are not ready in time. */
export function lastTrouble(group: GroupObservation | undefined): StartTrouble {
  const waiting = group?.replicas.filter((replica) => replica.phase !== "ready") ?? [];
  const ended = waiting.find((replica) => replica.lastExit !== null);
  if (ended?.lastExit) return { sentence: `${ended.id}: ${ended.lastExit.message}`, exit: ended.lastExit };
  const probed = waiting.find((replica) => replica.probe !== null);
  if (probed?.probe) return { sentence: `${probed.id}: ${probed.probe}`, exit: null };
  return { sentence: group?.late ?? "they start", exit: null };
}

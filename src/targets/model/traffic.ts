import type { Block } from "../../core/model/judgement.js";
import type { ModelEdge } from "./edge.js";
import type { ModelGroup } from "./group.js";

/**
 * Requests as blocks of counts: the weights in force at the start of each second, over the replicas that are ready
 * when the source is read. Whole numbers by carrying the remainder, so that the same second always gives the same block.
 */
export function trafficOf(
  service: string,
  groups: ReadonlyMap<string, ModelGroup>,
  edge: ModelEdge | null,
  requestsPerSecond: number,
  from: number,
  to: number,
  into: (Block & { readonly service: string })[],
): void {
  for (let at = Math.ceil(from / 1000) * 1000; at + 1000 <= to; at += 1000) {
    const weights = edge?.inForce(at).weights ?? {};
    for (const [id, group] of groups) {
      const ready = group.ready();
      const requests = (requestsPerSecond * (weights[id] ?? 0)) / 100;
      for (const replica of group.replicas) {
        const share = replica.phase === "ready" ? requests / ready.length : 0;
        const total = whole(share, at);
        const restarts = replica.restartedAt.filter((time) => time >= at && time < at + 1000).length;
        if (total === 0 && restarts === 0) continue;
        const { errorShare, slowShare } = group.behaviour;
        const errors = Math.min(total, whole(share * errorShare, at));
        const slow = Math.min(total, whole(share * slowShare, at));
        into.push({ service, at, group: id, replica: replica.id, total, errors, slow, restarts });
      }
    }
  }
}

/** What a rate of `perSecond` adds in the second that begins at `at`. */
function whole(perSecond: number, at: number): number {
  const second = at / 1000;
  return Math.floor(perSecond * (second + 1)) - Math.floor(perSecond * second);
}

import type { GroupId } from "../../core/model/intent.js";
import type { Block } from "../../core/model/judgement.js";
import type { Behaviour } from "./behaviour.js";
import { latenciesOf } from "./latencies.js";
import { whole } from "./whole.js";

export type ServiceBlock = Block & { readonly service: string };

/** What one group takes of a service's requests in one second. */
export interface TrafficGroup {
  readonly group: GroupId;
  /** Of its release: `<version>-<commit>`. */
  readonly label: string;
  /** Percent in force when the second began; the weights of a service sum to 100, or there are none. */
  readonly weight: number;
  /** Ids of the replicas that were ready when the second began; may be empty. */
  readonly ready: readonly string[];
  readonly behaviour: Behaviour;
}

export interface TrafficSecond {
  /** Engine milliseconds, a multiple of 1,000: the start of the second. */
  readonly at: number;
  readonly service: string;
  /** Groups without weight are in it, too. The same array for as long as nothing changes. */
  readonly groups: readonly TrafficGroup[];
}

/**
 * Appends the blocks of one finished second of one service: at most one per replica, with `restarts` 0 (the model adds
 * its own). Asked for every second of every service with traffic, in order, when the source is read; a second reader,
 * or one without a cursor, asks for the same seconds again.
 */
export type Traffic = (second: TrafficSecond, into: ServiceBlock[]) => void;

/**
 * Steady requests as whole numbers by carrying the remainder, spread evenly over the ready replicas: the same second
 * always gives the same blocks.
 */
export function steadyTraffic(requestsPerSecond: number): Traffic {
  return ({ at, service, groups }, into) => {
    for (const { group, weight, ready, behaviour } of groups) {
      const share = (requestsPerSecond * weight) / 100 / ready.length;
      const total = whole(share, at);
      if (ready.length === 0 || total === 0) continue;
      const errors = Math.min(total, whole(share * behaviour.errorShare, at));
      const slow = Math.min(total, whole(share * behaviour.slowShare, at));
      const latencies = latenciesOf(behaviour, share, at, total, slow);
      for (const replica of ready) {
        into.push({ service, at, group, replica, total, errors, slow, restarts: 0, latencies });
      }
    }
  };
}

import type { GroupIntent } from "../../core/model/intent.js";

/** How the replicas of one group behave. Times are engine milliseconds. */
export interface Behaviour {
  /** From the start of a process to its first readiness; null: never. */
  readonly readyAfterMs: number | null;
  /** From its start to its end; null: it runs on. */
  readonly endsAfterMs: number | null;
  /** How often it ends like that before it runs on; null: always, which is a crash loop. */
  readonly ends: number | null;
  /** Why it cannot be started at all; null: it can. */
  readonly problem: string | null;
  /** Shares of requests, 0..1. */
  readonly errorShare: number;
  readonly slowShare: number;
  /** How long half of the requests that are not slow take at most, in milliseconds; the others stay within a factor of two. */
  readonly medianMs: number;
  /** How long the slow ones take, in milliseconds. */
  readonly slowMs: number;
  readonly smokePasses: boolean;
  /** From the request to end to the end of the process, requests in flight included. */
  readonly stopsAfterMs: number;
  /** What each replica prints when it starts, after a first line with its id. */
  readonly lines: readonly string[];
  readonly exitCode: number;
}

export const WELL: Behaviour = {
  readyAfterMs: 100,
  endsAfterMs: null,
  ends: null,
  problem: null,
  errorShare: 0,
  slowShare: 0,
  medianMs: 20,
  slowMs: 5_000,
  smokePasses: true,
  stopsAfterMs: 50,
  lines: [],
  exitCode: 1,
};

export type BehaviourOf = (group: GroupIntent, service: string) => Behaviour;

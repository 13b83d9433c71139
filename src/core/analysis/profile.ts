import type { GroupId } from "../model/intent.js";
import type { Block } from "../model/judgement.js";
import { type Age, ageOf, ages, empty, GROWN, merge, put } from "./age.js";
import { LATENCY_BUCKETS } from "./latency.js";
import { warmUpOf } from "./warm-up.js";

/** Stable's own 95th percentile, and two buckets on top (x 1.4): what differs by less is no harm of its own. */
const SLOW_SHARE = 0.05;
const ON_TOP = 2;
/** Nor is what nobody notices: the bucket that ends at 27 ms. */
const LEAST_BUCKET = 23;
/** A threshold from fewer requests would be chance. */
export const ENOUGH = 200;
/** A replica that appears after a longer silence may have started at any time in it. */
const WATCHED_MS = 10_000;
const GROUPS = 4;
const STARTS = 256;

/** What outlives a rollout: how long replicas of a service warm up, how long its requests take. Plain JSON, bounded. */
export interface AnalysisMemory {
  readonly schema: 1;
  readonly at: number | null;
  /** What groups that ran well did at each age. */
  readonly known: readonly Age[];
  /** The same of each group that was seen lately. */
  readonly groups: Readonly<Record<GroupId, readonly Age[]>>;
  /** When replicas were first seen, by group and name; null: before anybody looked. */
  readonly starts: Readonly<Record<string, number | null>>;
}

/** Learns a service from its blocks, second by second, in any state of its rollouts. */
export class ServiceProfile {
  #at: number | null = null;
  #known: Age[] = ages();
  readonly #groups = new Map<GroupId, Age[]>();
  readonly #starts = new Map<string, number | null>();

  constructor(memory: AnalysisMemory | null) {
    if (memory === null) return;
    this.#at = memory.at;
    this.#known = structuredClone([...memory.known]);
    for (const [group, kept] of Object.entries(memory.groups)) this.#groups.set(group, structuredClone([...kept]));
    for (const [replica, at] of Object.entries(memory.starts)) this.#starts.set(replica, at);
  }

  memory(): AnalysisMemory {
    return {
      schema: 1,
      at: this.#at,
      known: structuredClone(this.#known),
      groups: Object.fromEntries([...this.#groups].map(([group, kept]) => [group, structuredClone(kept)])),
      starts: Object.fromEntries(this.#starts),
    };
  }

  /** All blocks of one finished second; seconds that it saw before are passed over. */
  see(at: number, blocks: readonly Block[]): void {
    if (this.#at !== null && at <= this.#at) return;
    const watched = this.#at === null || at - this.#at <= WATCHED_MS;
    for (const block of blocks) {
      if (block.total === 0) continue;
      const start = this.#startOf(keyOf(block.group, block.replica), watched ? at : null);
      const age = this.#groupOf(block.group)[start === null ? GROWN : ageOf(at - start)];
      if (age !== undefined) put(age, block);
      this.#at = at;
    }
  }

  /** Milliseconds since the replica was first seen; infinite when that was before anybody looked. */
  ageMs(group: GroupId, replica: string, at: number): number {
    const start = this.#starts.get(keyOf(group, replica));
    return start === undefined ? 0 : start === null ? Number.POSITIVE_INFINITY : at - start;
  }

  /** A group begins: one of an earlier attempt at the same revision had replicas of the same names, which are gone. */
  begin(group: GroupId): void {
    this.#groups.delete(group);
    for (const key of this.#starts.keys()) if (key.startsWith(keyOf(group, ""))) this.#starts.delete(key);
  }

  /** The group is what a new one is compared with: how its replicas started is what starts are like. */
  settle(group: GroupId): void {
    const own = this.#groups.get(group);
    if (own === undefined) return;
    this.#groups.delete(group);
    this.#known = this.#known.map((age, i) => merge(age, own[i] ?? empty()));
  }

  /**
   * A request in a bucket above this one counts as slow: stable's own 95th percentile and something on top. Null: fewer
   * than `enough` requests were seen.
   */
  slowBucket(stable: GroupId, enough = ENOUGH): number | null {
    const counts = new Float64Array(LATENCY_BUCKETS);
    let total = 0;
    for (const { latencies } of this.#of(stable)) {
      for (const [bucket, count] of latencies.entries()) {
        counts[bucket] = (counts[bucket] ?? 0) + count;
        total += count;
      }
    }
    if (total < enough) return null;
    let above = total;
    for (const [bucket, count] of counts.entries()) {
      above -= count;
      if (above <= SLOW_SHARE * total) return Math.min(Math.max(bucket + ON_TOP, LEAST_BUCKET), LATENCY_BUCKETS - 1);
    }
    return LATENCY_BUCKETS - 1;
  }

  /** How long a replica's answers are worse after its start than later, by what earlier starts showed; 0: none was seen. */
  warmUpMs(
    stable: GroupId,
    bad: (age: { readonly errors: number; readonly latencies: readonly number[] }) => number,
  ): number {
    return warmUpOf(this.#of(stable).map((age) => ({ bad: bad(age), total: age.total })));
  }

  /** What is known of groups that ran well, and of this one. */
  #of(stable: GroupId): readonly Age[] {
    const own = this.#groups.get(stable);
    return own === undefined ? this.#known : this.#known.map((age, i) => merge(age, own[i] ?? empty()));
  }

  #startOf(key: string, at: number | null): number | null {
    const known = this.#starts.get(key);
    if (known !== undefined) return known;
    this.#starts.set(key, at);
    if (this.#starts.size > STARTS) this.#starts.delete(this.#starts.keys().next().value ?? "");
    return at;
  }

  #groupOf(group: GroupId): Age[] {
    const own = this.#groups.get(group);
    if (own !== undefined) return own;
    const begun = ages();
    this.#groups.set(group, begun);
    if (this.#groups.size > GROUPS) this.#groups.delete(this.#groups.keys().next().value ?? "");
    return begun;
  }
}

function keyOf(group: GroupId, replica: string): string {
  return `${group} ${replica}`;
}

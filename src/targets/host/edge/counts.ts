import { Histogram } from "./histogram.js";
import { SecondLatencies } from "./latencies.js";
import type { EdgeBlock } from "./protocol.js";

/** Seconds of counts that are kept, the running one included. */
export const KEPT_SECONDS = 600;

/** Most blocks in one answer, in whole seconds and never fewer than these: writing them stops the traffic meanwhile. */
const PAGE_BLOCKS = 1_000;
const PAGE_SECONDS = 30;

/** Requests per class of status, 1xx to 5xx; index 0 is what the client left before there was an answer (499). */
export const CLASSES = ["client_gone", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** The counts of one replica, second by second in a ring, and since the edge began. */
export class ReplicaCounts {
  readonly #second = new Int32Array(KEPT_SECONDS).fill(-1);
  readonly #total = new Int32Array(KEPT_SECONDS);
  readonly #errors = new Int32Array(KEPT_SECONDS);
  readonly #slow = new Int32Array(KEPT_SECONDS);
  readonly byClass = new Float64Array(CLASSES.length);
  readonly latency = new Histogram();
  /** Only of a replica that was asked something: idle ones take no memory for it. */
  #latencies: SecondLatencies | null = null;
  /** The last second with a request; decides when a replica that is gone is forgotten. */
  lastSecond = 0;

  constructor(
    readonly service: string,
    readonly group: string,
    readonly replica: string,
  ) {}

  /** `took` in milliseconds; null: what it took is no latency. */
  count(second: number, error: boolean, slow: boolean, took: number | null): void {
    const at = second % KEPT_SECONDS;
    if (this.#second[at] !== second) {
      this.#second[at] = second;
      this.#total[at] = 0;
      this.#errors[at] = 0;
      this.#slow[at] = 0;
      this.#latencies?.clear(at);
      this.lastSecond = second;
    }
    this.#total[at] = (this.#total[at] as number) + 1;
    if (error) this.#errors[at] = (this.#errors[at] as number) + 1;
    if (slow) this.#slow[at] = (this.#slow[at] as number) + 1;
    if (took === null) return;
    this.#latencies ??= new SecondLatencies(KEPT_SECONDS);
    this.#latencies.count(at, took);
  }

  /** Seconds with requests from `from` to `to`, both inclusive and in the ring, oldest first. */
  blocks(from: number, to: number, into: EdgeBlock[]): void {
    const { service, group, replica } = this;
    for (let second = from; second <= to; second++) {
      const at = second % KEPT_SECONDS;
      if (this.#second[at] !== second) continue;
      const total = this.#total[at] as number;
      const errors = this.#errors[at] as number;
      const slow = this.#slow[at] as number;
      const latencies = this.#latencies?.of(at) ?? {};
      into.push({ service, group, replica, second, total, errors, slow, latencies });
    }
  }
}

/** All counts of an edge. What left the table is forgotten once its last second has left the ring. */
export class Counts {
  readonly #replicas = new Map<string, ReplicaCounts>();
  readonly #groups = new Map<
    string,
    { readonly service: string; readonly group: string; readonly latency: Histogram }
  >();

  replica(service: string, group: string, replica: string): ReplicaCounts {
    const key = `${service}\n${group}\n${replica}`;
    const known = this.#replicas.get(key);
    if (known !== undefined) return known;
    const fresh = new ReplicaCounts(service, group, replica);
    this.#replicas.set(key, fresh);
    return fresh;
  }

  group(service: string, group: string): Histogram {
    const key = `${service}\n${group}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known.latency;
    const fresh = { service, group, latency: new Histogram() };
    this.#groups.set(key, fresh);
    return fresh.latency;
  }

  /**
   * From `since` on, of the services whose key begins with `prefix`; `nextSecond` is where to go on: the running second
   * `now`, which will be read again, or an earlier one when the answer would become too long.
   */
  blocks(since: number, now: number, prefix = ""): { readonly blocks: EdgeBlock[]; readonly nextSecond: number } {
    const found = [...this.#replicas.values()].filter(({ service }) => service.startsWith(prefix));
    const from = Math.max(since, now - KEPT_SECONDS + 1, 0);
    const page = Math.max(PAGE_SECONDS, Math.floor(PAGE_BLOCKS / Math.max(1, found.length)));
    const last = Math.min(now, from + page - 1);
    const blocks: EdgeBlock[] = [];
    for (const counts of found) counts.blocks(from, last, blocks);
    return { blocks, nextSecond: last < now ? last + 1 : now };
  }

  /** `inUse` says which (service, group, replica) the table still names. */
  forget(now: number, inUse: (service: string, group: string, replica: string | null) => boolean): void {
    const groups = new Set<string>();
    for (const [key, counts] of this.#replicas) {
      const gone = !inUse(counts.service, counts.group, counts.replica);
      if (gone && now - counts.lastSecond > KEPT_SECONDS) this.#replicas.delete(key);
      else groups.add(`${counts.service}\n${counts.group}`);
    }
    for (const [key, { service, group }] of this.#groups)
      if (!groups.has(key) && !inUse(service, group, null)) this.#groups.delete(key);
  }

  replicas(): Iterable<ReplicaCounts> {
    return this.#replicas.values();
  }

  groups(): Iterable<{ readonly service: string; readonly group: string; readonly latency: Histogram }> {
    return this.#groups.values();
  }
}

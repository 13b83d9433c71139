import type { Block } from "../../core/model/judgement.js";
import type { ModelEdge } from "./edge.js";
import type { ModelGroup } from "./group.js";
import type { ServiceBlock, Traffic, TrafficGroup } from "./traffic.js";

/** A reader may come this much later and still gets every second, as at the host's edge. */
export const REMEMBERED_MS = 600_000;
const MAX_EXTRAS = 1_000;

/** What was in force from a moment on. */
interface Plan {
  readonly since: number;
  readonly groups: readonly TrafficGroup[];
}

type Latencies = NonNullable<Block["latencies"]>;
type Extra = Pick<Block, "at" | "group" | "replica" | "total" | "restarts"> & { readonly latencies: Latencies };

/**
 * Who takes the requests of one service, since when: a second that is read late is counted as it was, whatever was
 * shifted, ended or removed since then.
 */
export class Demand {
  /** Oldest first. */
  readonly #plans: Plan[] = [];
  /** Single requests and restarts, beside the steady traffic; oldest first, bounded. */
  readonly #extras: Extra[] = [];

  constructor(readonly service: string) {}

  /** Everything after the moment `now` follows what is now. */
  follow(groups: ReadonlyMap<string, ModelGroup>, edge: ModelEdge | null, now: number): void {
    const last = this.#plans.at(-1)?.groups ?? [];
    const weights = edge?.inForce(now).weights ?? {};
    const next: TrafficGroup[] = [];
    for (const { id, intent, behaviour, replicas } of groups.values()) {
      const ready = replicas.filter(({ phase }) => phase === "ready").map((replica) => replica.id);
      next.push({ group: id, label: intent.label, weight: weights[id] ?? 0, ready, behaviour });
    }
    if (same(last, next)) return;
    this.#plans.push({ since: now, groups: next });
    while ((this.#plans[1]?.since ?? now) < now - REMEMBERED_MS) this.#plans.shift();
  }

  add(extra: Extra): void {
    this.#extras.push(extra);
    if (this.#extras.length > MAX_EXTRAS) this.#extras.shift();
  }

  /** Nobody takes requests any more, and nobody may still read who did. */
  over(now: number): boolean {
    const last = this.#plans.at(-1);
    return last === undefined || (last.groups.length === 0 && last.since < now - REMEMBERED_MS);
  }

  /** Blocks of the whole seconds in `[from, to)`, by what was in force when each began. */
  blocks(traffic: Traffic, from: number, to: number, into: ServiceBlock[]): void {
    const begin = into.length;
    let place = this.#plans.length - 1;
    while (place > 0 && (this.#plans[place] as Plan).since > from) place -= 1;
    for (let at = Math.ceil(from / 1000) * 1000; at + 1000 <= to; at += 1000) {
      while ((this.#plans[place + 1]?.since ?? Number.POSITIVE_INFINITY) <= at) place += 1;
      const plan = this.#plans[place];
      if (plan !== undefined && plan.since <= at) traffic({ at, service: this.service, groups: plan.groups }, into);
    }
    for (let index = this.#extras.length - 1; index >= 0; index--) {
      const extra = this.#extras[index] as Extra;
      if (extra.at < from) break;
      if (extra.at < to) this.#join(extra, begin, into);
    }
  }

  #join({ at, group, replica, total, restarts, latencies }: Extra, begin: number, into: ServiceBlock[]): void {
    const second = Math.floor(at / 1000) * 1000;
    for (let index = begin; index < into.length; index++) {
      const block = into[index] as ServiceBlock;
      if (block.at !== second || block.replica !== replica || block.group !== group) continue;
      const sum = { total: block.total + total, restarts: block.restarts + restarts };
      into[index] = { ...block, ...sum, latencies: both(block.latencies ?? {}, latencies) };
      return;
    }
    into.push({ service: this.service, at: second, group, replica, total, errors: 0, slow: 0, restarts, latencies });
  }
}

function both(a: Latencies, b: Latencies): Latencies {
  const sum: Record<number, number> = { ...a };
  for (const [bucket, count] of Object.entries(b)) sum[Number(bucket)] = (sum[Number(bucket)] ?? 0) + count;
  return sum;
}

function same(a: readonly TrafficGroup[], b: readonly TrafficGroup[]): boolean {
  return a.length === b.length && a.every((one, index) => sameGroup(one, b[index] as TrafficGroup));
}

function sameGroup(a: TrafficGroup, b: TrafficGroup): boolean {
  if (a.group !== b.group || a.label !== b.label || a.weight !== b.weight || a.behaviour !== b.behaviour) return false;
  return a.ready.length === b.ready.length && a.ready.every((id, index) => id === b.ready[index]);
}

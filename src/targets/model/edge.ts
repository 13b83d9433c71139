import type { TrafficIntent } from "../../core/model/intent.js";

/** What the edge does from a moment on. */
export interface InForce {
  readonly since: number;
  readonly weights: Readonly<Record<string, number>>;
  readonly routed: readonly string[];
}

const MAX_HISTORY = 64;

/** The model's edge for one service: weights come into force after a delay, in the order in which they were given. */
export class ModelEdge {
  /** Oldest first; the last ones may lie in the future. */
  #history: InForce[] = [{ since: Number.NEGATIVE_INFINITY, weights: {}, routed: [] }];

  set(traffic: TrafficIntent, at: number): void {
    const last = this.#history.at(-1);
    const routed = [...new Set(traffic.routes.map((route) => route.group))];
    if (last !== undefined && same(last.weights, traffic.weights) && last.routed.join() === routed.join()) return;
    const since = Math.max(at, last?.since ?? at);
    this.#history.push({ since, weights: traffic.weights, routed });
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
  }

  inForce(at: number): InForce {
    for (let index = this.#history.length - 1; index > 0; index--) {
      const entry = this.#history[index];
      if (entry !== undefined && entry.since <= at) return entry;
    }
    return this.#history[0] as InForce;
  }

  nextAt(now: number): number {
    return this.#history.find((entry) => entry.since > now)?.since ?? Number.POSITIVE_INFINITY;
  }
}

function same(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

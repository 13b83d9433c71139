import { createHash } from "node:crypto";
import type { Point } from "./points.js";

interface Stream {
  readonly start: number | null;
  readonly time: number;
  readonly value: number;
  /** Engine time of its arrival. */
  readonly seenAt: number;
}

/** What a point adds; a refusal is a sentence for the sender. */
export type Added = { readonly count: number } | { readonly refused: string };

const NOTHING: Added = { count: 0 };
/** Streams of one rollout's signal: replicas times attributes. */
export const MOST_STREAMS = 10_000;

/**
 * Where the streams of points stand that one signal of one rollout counts. A stream has one writer, and its points come
 * in order; what comes again (a sender that did not hear the answer) counts once. Nothing from before `since` counts.
 */
export class Tally {
  readonly #streams = new Map<string, Stream>();

  constructor(
    /** Wall milliseconds. */
    private readonly since: number,
    private readonly keptMs: number,
  ) {}

  /** `firstAt` is the time of the first point that this replica sent. */
  add(owner: string, point: Point, firstAt: number, now: number): Added {
    const count = Math.round(point.value);
    if (!Number.isFinite(point.value) || point.value < 0 || Math.abs(point.value - count) > 1e-6 * Math.max(1, count))
      return { refused: `${point.metric} has the value ${point.value}, no count` };
    const key = keyOf(owner, point);
    const last = this.#streams.get(key) ?? null;
    if (last !== null && point.time <= last.time) return NOTHING;
    if (last === null && this.#full(now)) return { refused: `more than ${MOST_STREAMS} streams of ${point.metric}` };
    const added =
      point.temporality === "delta" ? this.#delta(point, count) : this.#cumulative(last, point, count, firstAt);
    if ("refused" in added) return added;
    this.#streams.set(key, { start: point.start, time: point.time, value: count, seenAt: now });
    return point.time < this.since ? NOTHING : added;
  }

  #delta({ start, time }: Point, count: number): Added {
    const begun = start ?? time;
    return begun < this.since ? NOTHING : { count };
  }

  #cumulative(last: Stream | null, { start, time, metric }: Point, count: number, firstAt: number): Added {
    if (last === null) {
      // Began after we did, or appeared at a replica that had not sent it before: then it counts from zero.
      const whole = (start !== null && start >= this.since) || firstAt < time;
      return { count: whole ? count : 0 };
    }
    if (start !== null && last.start !== null && start !== last.start)
      return start > last.start
        ? { count }
        : {
            refused: `${metric} began earlier than what was sent before: do two processes share a service.instance.id?`,
          };
    if (count >= last.value) return { count: count - last.value };
    return start === null
      ? { count }
      : { refused: `${metric} went back from ${last.value} to ${count} although it began at the same time` };
  }

  #full(now: number): boolean {
    if (this.#streams.size < MOST_STREAMS) return false;
    for (const [key, { seenAt }] of this.#streams) if (now - seenAt > this.keptMs) this.#streams.delete(key);
    return this.#streams.size >= MOST_STREAMS;
  }
}

/** Of a bounded size, whatever the attributes are. */
function keyOf(owner: string, { metric, attributes }: Point): string {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([owner, metric, sorted]))
    .digest("base64");
}

import type { ReplicaCounts } from "../../../core/analysis/second.js";
import type { Measurement, ProbeSubject } from "../../../ports/signal-provider.js";
import type { CompiledSource } from "../../../spec/compiled.js";
import type { Side } from "../groups.js";
import { SIDES } from "../groups.js";
import { duration, quoted, unanswered } from "../unanswered.js";
import type { Point, Sent } from "./points.js";
import { selects } from "./selector.js";
import { type SenderReplica, senderOf } from "./sender.js";
import { Tally } from "./tally.js";

export type OtlpSettings = Extract<CompiledSource, { kind: "otlp" }>;

interface Replica {
  readonly side: Side;
  readonly name: string;
  /** Wall time of its first point. */
  readonly firstAt: number;
  /** Engine time of its last arrival. */
  seenAt: number;
  /** Whether it has sent anything from after the beginning. */
  heard: boolean;
  /** Whether it has sent anything since the last interval. */
  fresh: boolean;
  bad: number;
  total: number;
}

const FIELDS = ["total", "bad"] as const;
export const MOST_REPLICAS = 1_000;
const KEPT_MS = 10 * 60_000;
/** How far behind a sender's clock may be without any harm. */
const CLOCKS_APART_MS = 1_000;

/** What comes for one signal of one rollout. An interval ends when every replica that is heard of has sent something. */
export class Watch {
  readonly #replicas = new Map<string, Replica>();
  readonly #tally: Tally;
  readonly #keptMs: number;
  /** Wall time: what is dated before is of another time. */
  readonly #since: number;
  #at: number;
  /** Why what came could not be counted: the last one, for a person who wonders where the counts are. */
  #miss: string | null = null;

  /** `now` is engine time, `wall` the wall clock's, both in milliseconds. */
  constructor(
    readonly subject: ProbeSubject,
    private readonly settings: OtlpSettings,
    now: number,
    wall: number,
  ) {
    this.#at = now;
    this.#keptMs = Math.max(KEPT_MS, 2 * settings.staleMs);
    this.#since = wall - CLOCKS_APART_MS;
    this.#tally = new Tally(this.#since, this.#keptMs);
  }

  /** Takes what is meant for it; `refuse` is told of every point that it cannot count, and why. */
  offer(sent: Sent, now: number, refuse: (point: Point, why: string) => void): void {
    const { total, bad } = this.settings;
    const sender = senderOf(sent.resource, this.subject);
    if ("miss" in sender) {
      if (sender.miss !== null && sent.points.some(({ metric }) => metric === total.metric)) this.#miss = sender.miss;
      return;
    }
    for (const metric of [total.metric, bad.metric])
      if (sent.notCounts.includes(metric)) this.#miss = `has ${metric}, neither a monotonic sum nor a histogram`;
    for (const point of sent.points)
      for (const field of FIELDS) {
        if (!selects(this.settings[field], point)) continue;
        const why = this.#count(sender, field, point, now);
        if (why === null) continue;
        this.#miss = `could not be counted: ${why}`;
        refuse(point, why);
      }
  }

  #count({ side, replica: name }: SenderReplica, field: "bad" | "total", point: Point, now: number): string | null {
    const replica = this.#replica(side, name, point.time, now);
    if (replica === null) return `more than ${MOST_REPLICAS} replicas`;
    const added = this.#tally.add(`${field} ${side} ${name}`, point, replica.firstAt, now);
    if ("refused" in added) return added.refused;
    replica.seenAt = now;
    if (point.time < this.#since) {
      // Where its counters stood before; a clock that is far behind stays here.
      this.#miss = `is dated ${duration(this.#since - point.time)} before this began`;
      return null;
    }
    replica[field] += added.count;
    replica.heard = true;
    replica.fresh = true;
    return null;
  }

  /** The counts since the last interval. Rejects with `signal-no-answer` when a group has fallen silent. */
  take(now: number): Measurement {
    for (const [key, { seenAt }] of this.#replicas) if (now - seenAt > this.#keptMs) this.#replicas.delete(key);
    const { canary, stable } = this.subject;
    if (!this.#heard("canary")) {
      this.#begin(now);
      const miss = this.#miss === null ? "" : `; what came ${quoted(this.#miss)}`;
      return { kind: "no-data", sentence: `the new group ${canary} has sent nothing over OTLP yet${miss}` };
    }
    for (const side of SIDES)
      this.#refuseSilence(side, side === "canary" ? `the new group ${canary}` : `stable ${stable}`, now);
    const live = [...this.#replicas.values()].filter(
      ({ heard, seenAt }) => heard && now - seenAt <= this.settings.staleMs,
    );
    if (live.some(({ fresh }) => !fresh)) return { kind: "data", intervals: [] };
    const interval = { at: this.#at, stable: this.#counts("stable"), canary: this.#counts("canary") };
    this.#begin(now);
    return { kind: "data", intervals: [interval] };
  }

  #heard(side: Side): boolean {
    return [...this.#replicas.values()].some((replica) => replica.side === side && replica.heard);
  }

  #refuseSilence(side: Side, name: string, now: number): void {
    const heard = [...this.#replicas.values()].filter((replica) => replica.side === side && replica.heard);
    const seen = heard.map(({ seenAt }) => seenAt);
    const silent = now - Math.max(...seen);
    if (seen.length > 0 && silent > this.settings.staleMs)
      throw unanswered(`${name} has sent nothing over OTLP for ${duration(silent)}`);
  }

  #counts(side: Side): ReplicaCounts[] {
    const counted = [...this.#replicas.values()].filter((replica) => replica.side === side && replica.fresh);
    const wrong = counted.find(({ bad, total }) => bad > total);
    if (wrong !== undefined)
      throw unanswered(
        `${wrong.bad} bad of ${wrong.total} in all at replica ${quoted(wrong.name, 80)}: "bad" and "total" do not count the same things`,
      );
    return counted.map(({ name, bad, total }) => ({ replica: name, bad, total }));
  }

  #begin(now: number): void {
    this.#at = now;
    for (const replica of this.#replicas.values()) {
      replica.fresh = false;
      replica.bad = 0;
      replica.total = 0;
    }
  }

  #replica(side: Side, name: string, firstAt: number, now: number): Replica | null {
    const key = `${side} ${name}`;
    const known = this.#replicas.get(key);
    if (known !== undefined) return known;
    if (this.#replicas.size >= MOST_REPLICAS) return null;
    const replica: Replica = { side, name, firstAt, seenAt: now, heard: false, fresh: false, bad: 0, total: 0 };
    this.#replicas.set(key, replica);
    return replica;
  }
}

import { LatencyHistogram } from "./latency.js";
import type { Counts, FailureSample, ReleaseCounts, Report, TemplateCounts } from "./report.js";

/** How one sent request ended. */
export type Ending =
  | { readonly kind: "answered"; readonly verdict: "good" | "failed" | "by-design"; readonly reason: string }
  /** A WebSocket that was held and ended well: good, but its duration is no latency and its release is unknown. */
  | { readonly kind: "held"; readonly reason: string }
  | { readonly kind: "unanswered"; readonly reason: string };

export interface Ended {
  readonly template: string;
  readonly release: string;
  readonly dueAt: number;
  readonly sentAt: number;
  readonly at: number;
  readonly bytes: number;
  readonly ending: Ending;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type TemplateTally = Writable<Omit<TemplateCounts, "latency">> & { readonly latency: LatencyHistogram };

const MOST_RELEASES = 100;
const MOST_REASONS = 100;
const MOST_SAMPLES = 20;

/** The books: every arrival is in them once. Their size depends on the mix and not on the length of the run. */
export class Tally {
  private due = 0;
  private sent = 0;
  private ended = 0;
  private answered = 0;
  private good = 0;
  private failed = 0;
  private byDesign = 0;
  private bytes = 0;
  private firstBadAt: number | null = null;
  private lastBadAt: number | null = null;
  private lastBadSentAt: number | null = null;
  private readonly latency = new LatencyHistogram();
  private readonly releases = new Map<string, Writable<ReleaseCounts>>();
  private readonly templates = new Map<string, TemplateTally>();
  private readonly reasons = new Map<string, number>();
  private readonly samples: FailureSample[] = [];
  readonly sockets = { messages: 0, echoes: 0, closedByServer: 0 };

  constructor(
    templates: readonly string[],
    private readonly startedAt: number,
  ) {
    for (const name of templates)
      this.templates.set(name, {
        sent: 0,
        answered: 0,
        failed: 0,
        failedByDesign: 0,
        latency: new LatencyHistogram(),
      });
  }

  get outstanding(): number {
    return this.sent - this.ended;
  }

  shed(): void {
    this.due += 1;
  }

  send(template: string): void {
    this.due += 1;
    this.sent += 1;
    this.template(template).sent += 1;
  }

  end(one: Ended): void {
    const { ending } = one;
    const template = this.template(one.template);
    this.ended += 1;
    this.bytes += one.bytes;
    if (ending.kind !== "unanswered") {
      this.answered += 1;
      template.answered += 1;
    }
    if (ending.kind === "answered") {
      this.latency.record(one.at - one.dueAt);
      template.latency.record(one.at - one.dueAt);
      this.countRelease(one, ending.verdict);
    }
    if (ending.kind === "held" || (ending.kind === "answered" && ending.verdict === "good")) this.good += 1;
    else if (ending.kind === "answered" && ending.verdict === "by-design") {
      this.byDesign += 1;
      template.failedByDesign += 1;
      this.firstBadAt ??= one.at;
      this.lastBadAt = one.at;
      this.lastBadSentAt = Math.max(this.lastBadSentAt ?? one.sentAt, one.sentAt);
    } else {
      this.failed += 1;
      template.failed += 1;
      const { template: name, release, sentAt, at } = one;
      add(this.reasons, ending.reason, MOST_REASONS);
      if (this.samples.length < MOST_SAMPLES)
        this.samples.push({ template: name, reason: ending.reason, release, sentAt, at });
    }
  }

  counts(now: number): Counts {
    return {
      elapsedMs: now - this.startedAt,
      due: this.due,
      sent: this.sent,
      shed: this.due - this.sent,
      outstanding: this.outstanding,
      answered: this.answered,
      good: this.good,
      failed: this.failed,
      failedByDesign: this.byDesign,
      firstBadAt: this.firstBadAt,
      lastBadAt: this.lastBadAt,
      lastBadSentAt: this.lastBadSentAt,
      perRelease: Object.fromEntries([...this.releases].map(([name, counts]) => [name, { ...counts }])),
    };
  }

  report(now: number): Report {
    const templates = [...this.templates].map(([name, { latency, ...counts }]) => {
      return [name, { ...counts, latency: latency.summary() }] as const;
    });
    return {
      ...this.counts(now),
      latency: this.latency.summary(),
      perTemplate: Object.fromEntries(templates),
      bytes: this.bytes,
      reasons: Object.fromEntries(this.reasons),
      samples: [...this.samples],
      sockets: { ...this.sockets },
    };
  }

  private template(name: string): TemplateTally {
    const found = this.templates.get(name);
    if (found === undefined) throw new RangeError(`no template ${name} in the mix`);
    return found;
  }

  private countRelease(one: Ended, verdict: "good" | "failed" | "by-design"): void {
    const name = this.releases.has(one.release) || this.releases.size < MOST_RELEASES ? one.release : "others";
    const counts = this.releases.get(name) ?? {
      answered: 0,
      good: 0,
      failed: 0,
      failedByDesign: 0,
      firstAnsweredAt: one.at,
      lastAnsweredAt: one.at,
      lastSentAt: one.sentAt,
    };
    counts.answered += 1;
    counts.lastAnsweredAt = one.at;
    counts.lastSentAt = Math.max(counts.lastSentAt, one.sentAt);
    if (verdict === "good") counts.good += 1;
    else if (verdict === "failed") counts.failed += 1;
    else counts.failedByDesign += 1;
    this.releases.set(name, counts);
  }
}

function add(counts: Map<string, number>, key: string, most: number): void {
  const name = counts.has(key) || counts.size < most ? key : "others";
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Times are milliseconds of `performance.now()` of this process; {@link wallTime} makes them comparable with others. */
export interface Counts {
  readonly elapsedMs: number;
  /** Arrivals that were due: sent + shed. */
  readonly due: number;
  /** Requests given to the network, sockets included: answered + failed without an answer + outstanding. */
  readonly sent: number;
  /** Not sent because `maxOutstanding` were out already. More than 0: the load was not what was asked for. */
  readonly shed: number;
  readonly outstanding: number;
  /** Complete answers, whatever their status. */
  readonly answered: number;
  /** Answers that the template accepts. */
  readonly good: number;
  /** No answer, a broken one, or one that is neither accepted nor by design. */
  readonly failed: number;
  /** Answers not accepted that the caller's predicate recognised as the harmful release's own. */
  readonly failedByDesign: number;
  /** Arrival of the first and last answer that failed by design. */
  readonly firstBadAt: number | null;
  readonly lastBadAt: number | null;
  /** When the last request was sent that failed by design. */
  readonly lastBadSentAt: number | null;
  /** By the header that names the release; `none` when it is missing. */
  readonly perRelease: Readonly<Record<string, ReleaseCounts>>;
}

export interface ReleaseCounts {
  readonly answered: number;
  readonly good: number;
  readonly failed: number;
  readonly failedByDesign: number;
  readonly firstAnsweredAt: number;
  readonly lastAnsweredAt: number;
  /** The latest time at which a request was sent that this release answered. */
  readonly lastSentAt: number;
}

/** Milliseconds from when a request was due to its last byte. Failures without an answer are not in it. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface TemplateCounts {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly failedByDesign: number;
  readonly latency: Latency;
}

export interface FailureSample {
  readonly template: string;
  readonly reason: string;
  readonly release: string;
  readonly sentAt: number;
  readonly at: number;
}

export interface Report extends Counts {
  readonly latency: Latency;
  readonly perTemplate: Readonly<Record<string, TemplateCounts>>;
  /** Bytes of bodies that were answered. */
  readonly bytes: number;
  /** What failed, by reason: `ECONNRESET`, `status 502`, `socket closed with 1006`, … */
  readonly reasons: Readonly<Record<string, number>>;
  /** The first failures, in full. */
  readonly samples: readonly FailureSample[];
  /** WebSockets: messages sent and answered, and polite closes by the server. */
  readonly sockets: { readonly messages: number; readonly echoes: number; readonly closedByServer: number };
}

/** Milliseconds since 1970 for a time of this process. */
export function wallTime(at: number): number {
  return performance.timeOrigin + at;
}

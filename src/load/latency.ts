import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Latency } from "./report.js";

const HIGHEST_MICROSECONDS = 3_600_000_000;

/** An HDR histogram of three significant digits, in microseconds: fixed size, however many requests. */
export class LatencyHistogram {
  private readonly histogram: RecordableHistogram = createHistogram({ highest: HIGHEST_MICROSECONDS, figures: 3 });

  record(milliseconds: number): void {
    const microseconds = Math.round(milliseconds * 1000);
    this.histogram.record(Math.min(HIGHEST_MICROSECONDS, Math.max(1, microseconds)));
  }

  summary(): Latency {
    const { count, max } = this.histogram;
    if (count === 0) return { count: 0, p50: 0, p95: 0, p99: 0, max: 0 };
    const at = (percentile: number) => this.histogram.percentile(percentile) / 1000;
    return { count, p50: at(50), p95: at(95), p99: at(99), max: max / 1000 };
  }
}

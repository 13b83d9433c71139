import type { SignalCounts, Verdict } from "../../src/core/model/judgement.js";
import type { Course, Point } from "../../src/report/course.js";

export interface PointOptions {
  /** Bad requests of all. */
  readonly canary: readonly [number, number];
  readonly stable: readonly [number, number] | null;
  readonly verdict?: Verdict;
  /** Of the canary's interval. */
  readonly high?: number;
  readonly level?: number;
  readonly evidence?: { readonly fail: number; readonly pass: number };
}

const counts = ([bad, total]: readonly [number, number]): SignalCounts => ({ bad, total });

/** A point with numbers that no analysis made: what is drawn does not change when the statistics do. */
export function point(at: number, options: PointOptions): Point {
  const { canary, stable, verdict = "inconclusive", level = 0.005, evidence = { fail: 0, pass: 0 } } = options;
  const rate = canary[0] / Math.max(1, canary[1]);
  const high = options.high ?? Math.min(1, rate * 2 + 0.005);
  return {
    at,
    verdict,
    canary: counts(canary),
    stable: stable === null ? null : counts(stable),
    comparison: {
      level: { fail: level, pass: 0.05 },
      margin: { fail: 0.001, pass: 0.005 },
      evidence,
      needed: { fail: -Math.log(level), pass: -Math.log(0.05) },
      rates: {
        stable: stable === null ? null : { low: 0, high: Math.min(1, stable[0] / Math.max(1, stable[1]) + 0.001) },
        canary: { low: rate / 2, high },
        difference: null,
      },
      seconds: 10,
      warmUp: { ms: 0, requests: 0 },
      discount: 1,
      slowerThanMs: null,
      outlook: "",
    },
  };
}

export function course(since: number, points: readonly Point[]): Course {
  const until = points.at(-1)?.at ?? since;
  return { service: "api", signal: "errors", blockMs: 1_000, binMs: 1_000, since, until, points };
}

import type { Probe } from "../../../spec/compiled.js";

/** What is remembered of one probe of one replica. Times are milliseconds of the daemon's monotonic clock. */
export interface ProbeCount {
  readonly running: boolean;
  readonly nextAt: number;
  readonly begunAt: number;
  readonly passes: number;
  readonly fails: number;
  readonly countedAt: number;
  /** Null until a threshold has been reached for the first time. */
  readonly passing: boolean | null;
  readonly detail: string | null;
}

/** Until it has passed once, a probe looks more often than its period, so that a fast start is seen fast. */
const EAGER_MS = 200;

export function freshCount(probe: Probe | null, startedAt: number): ProbeCount {
  const nextAt = startedAt + (probe?.delayMs ?? 0);
  return {
    running: false,
    nextAt,
    begunAt: nextAt,
    passes: 0,
    fails: 0,
    countedAt: nextAt,
    passing: null,
    detail: null,
  };
}

export function begin(count: ProbeCount, now: number): ProbeCount {
  return { ...count, running: true, begunAt: now };
}

/** Failures between two periods are looks, not failures: `failures` x `periodMs` stays the time that a start may take. */
export function record(count: ProbeCount, probe: Probe, ok: boolean, detail: string, now: number): ProbeCount {
  if (ok) {
    const passes = count.passes + 1;
    const passing = passes >= probe.successes ? true : count.passing;
    const wait = passing === true ? probe.periodMs : Math.min(probe.periodMs, EAGER_MS);
    const nextAt = Math.max(now, count.begunAt + wait);
    return { ...count, running: false, nextAt, passes, fails: 0, countedAt: now, passing, detail: null };
  }
  const eager = count.passing === null;
  const counts = !eager || now - count.countedAt >= probe.periodMs;
  const fails = counts ? count.fails + 1 : count.fails;
  const nextAt = Math.max(now, count.begunAt + (eager ? Math.min(probe.periodMs, EAGER_MS) : probe.periodMs));
  return {
    ...count,
    running: false,
    nextAt,
    passes: 0,
    fails,
    countedAt: counts ? now : count.countedAt,
    passing: fails >= probe.failures ? false : count.passing,
    detail,
  };
}

/** As if it had not been asked: it is asked again after its period. */
export function putOff(count: ProbeCount, probe: Probe | null, now: number): ProbeCount {
  return { ...count, running: false, nextAt: now + (probe?.periodMs ?? 0) };
}

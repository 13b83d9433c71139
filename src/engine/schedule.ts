import type { StepResult } from "./driver.js";

export interface Cadence {
  /** While a deployment is in progress, and while the target has not confirmed. */
  readonly activeMs: number;
  /** Between deployments. */
  readonly restMs: number;
}

export const CADENCE: Cadence = { activeMs: 100, restMs: 2_000 };

/** A look at an environment in which nothing happens takes some 50 µs: looks take at most a tenth of a processor. */
const MS_PER_ACTIVE = 0.5;

/** The cadence while so many environments have a deployment in progress: up to 200, as it is. */
export function shared(cadence: Cadence, active: number): Cadence {
  const activeMs = Math.min(cadence.restMs, active * MS_PER_ACTIVE);
  return activeMs <= cadence.activeMs ? cadence : { ...cadence, activeMs };
}

/** Longest wait after steps that failed, in a row. */
const MAX_BACKOFF_MS = 10_000;

/** How long to wait before the next step. */
export function pauseAfter(
  result: StepResult | null,
  active: boolean,
  failures: number,
  now: number,
  cadence: Cadence,
): number {
  if (failures > 0) return Math.min(MAX_BACKOFF_MS, cadence.activeMs * 2 ** Math.min(failures, 10));
  if (result !== null && (result.decided > 0 || result.applied)) return Math.min(20, cadence.activeMs);
  const rest = active ? cadence.activeMs : cadence.restMs;
  const untilWake = result?.wakeAt == null ? rest : Math.max(1, result.wakeAt - now);
  return Math.min(rest, untilWake);
}

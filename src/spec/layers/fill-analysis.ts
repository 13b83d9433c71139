import {
  ANALYSIS_DEFAULTS,
  GUARDS_BESIDE_ANALYSIS,
  GUARDS_WITH_PORT,
  GUARDS_WITHOUT_PORT,
  HTTP_SOURCE_DEFAULTS,
  POLL_DEFAULTS,
  PROMETHEUS_DEFAULTS,
  SIGNAL_DEFAULTS,
} from "../defaults.js";
import { durationMs, durationText } from "../quantity/duration.js";
import { isObject } from "./trace.js";

/** A worker has no requests to compare, so only what it declares itself. */
export function analysisDefaults(analysis: unknown, hasPort: boolean): { readonly analysis?: unknown } {
  if (!hasPort && !isObject(analysis)) return {};
  const written = isObject(analysis) && isObject(analysis.signals) ? analysis.signals : {};
  const signals: Record<string, unknown> = hasPort
    ? { errors: SIGNAL_DEFAULTS.errors, slow: SIGNAL_DEFAULTS.slow }
    : {};
  for (const [name, signal] of Object.entries(written))
    if (name !== "errors" && name !== "slow" && isObject(signal)) signals[name] = ownSignal(signal);
  return { analysis: { ...ANALYSIS_DEFAULTS, signals } };
}

/**
 * The coarse guard is enough where something finer watches the errors: a comparison, which needs both releases at work
 * side by side, or an objective.
 */
export function guardDefaults(analysis: unknown, hasPort: boolean, isCanary: boolean): readonly object[] {
  if (!hasPort) return GUARDS_WITHOUT_PORT;
  const signals = isObject(analysis) && isObject(analysis.signals) ? analysis.signals : {};
  const isOff = analysis === false || signals.errors === false;
  const hasObjective = isObject(signals.errors) && signals.errors.objective !== undefined;
  return !isOff && (isCanary || hasObjective) ? GUARDS_BESIDE_ANALYSIS : GUARDS_WITH_PORT;
}

function ownSignal(signal: Record<string, unknown>): object {
  return {
    ...SIGNAL_DEFAULTS.others,
    ...pollDefaults(signal),
    ...(isObject(signal.prometheus) && { prometheus: PROMETHEUS_DEFAULTS }),
    ...(isObject(signal.http) && { http: HTTP_SOURCE_DEFAULTS }),
  };
}

/** The default of one never contradicts another one that was written: timeout <= every, stale >= 2 * every. */
function pollDefaults(signal: Record<string, unknown>): object {
  const ms = (key: "every" | "timeout") => {
    const value = signal[key];
    return typeof value === "string" ? durationMs(value) : null;
  };
  const [every, timeout] = [ms("every"), ms("timeout")];
  const fallback = { every: durationMs(POLL_DEFAULTS.every) ?? 0, timeout: durationMs(POLL_DEFAULTS.timeout) ?? 0 };
  const everyMs = every ?? Math.max(fallback.every, timeout ?? 0);
  return {
    every: durationText(everyMs),
    timeout: durationText(Math.min(fallback.timeout, everyMs)),
    stale: durationText(Math.max(durationMs(POLL_DEFAULTS.stale) ?? 0, 2 * everyMs)),
  };
}

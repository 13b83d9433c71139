import type { Guard } from "../compiled.js";
import { GUARD_DEFAULTS, RESTART_GUARD_DEFAULTS } from "../defaults.js";
import type { AuthoredGuard, AuthoredService } from "./authored.js";
import { ms, percentOf } from "./quantities.js";
import type { Report } from "./report.js";

export function guards(service: AuthoredService, report: Report): readonly Guard[] {
  const compiled = (service.guards ?? []).map((written, index) =>
    guard(written, service.port !== undefined, report.below("guards", index)),
  );
  // The edge counts slow requests by one threshold per service.
  const slow = compiled.find((one) => one.slowMs !== null)?.slowMs;
  for (const [index, one] of compiled.entries())
    if (one.slowMs !== null && one.slowMs !== slow)
      report
        .below("guards", index, "slowerThan")
        .add("spec-guard", "all slow guards of a service have the same slowerThan");
  return compiled;
}

function guard(written: AuthoredGuard, hasPort: boolean, report: Report): Guard {
  const forMs = ms(written.for ?? (written.signal === "restarts" ? RESTART_GUARD_DEFAULTS.for : GUARD_DEFAULTS.for));
  if (forMs < 1000) report.below("for").add("spec-guard", "a window is at least 1s: signals are counted by the second");
  if (written.signal === "restarts")
    return { signal: "restarts", above: written.above, forMs, minSamples: 0, slowMs: null };

  if (!hasPort)
    report.add("spec-guard", `a worker has no requests that could be ${written.signal}`, 'guard "restarts" instead');
  const minSamples = written.minSamples ?? GUARD_DEFAULTS.minSamples;
  if (minSamples < 1)
    report.below("minSamples").add("spec-guard", "a share of no requests says nothing: minSamples is at least 1");
  return {
    signal: written.signal,
    above: percentOf(written.above) / 100,
    forMs,
    minSamples,
    slowMs: written.signal === "slow" ? ms(written.slowerThan) : null,
  };
}

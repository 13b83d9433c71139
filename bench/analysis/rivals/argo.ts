import { CountedFailures } from "./counted-failures.js";

/**
 * Argo Rollouts' AnalysisRun with the success rate of its documentation (`interval: 5m`, `successCondition: result[0] >=
 * 0.95`, `failureLimit: 3`), after argoproj/argo-rollouts (Apache-2.0) `analysis/analysis.go`: `assessMetricStatus` fails
 * when `result.Failed > metric.FailureLimit`, so at the fourth failed measurement, and `Failed` only ever grows. NaN (no
 * requests) does not meet the condition. The first measurement is taken when the first window is full (`initialDelay: 5m`;
 * without it, it would be taken over nothing, at once). Condition and limit are swept.
 */
export const ARGO = new CountedFailures({
  name: "Argo",
  what: "a share of bad requests × windows of 5 minutes above it",
  windowSeconds: 300,
  published: { threshold: 0.05, failures: 4 },
  thresholds: [
    0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5,
  ],
  failures: [1, 2, 3, 4, 5, 6, 8, 10, 12],
});

import { CountedFailures } from "./counted-failures.js";

/**
 * Flagger's canary analysis with the built-in `request-success-rate`, after fluxcd/flagger (Apache-2.0)
 * `pkg/controller/scheduler.go` and `scheduler_metrics.go` and the example of its documentation: every `interval` the
 * canary's rate over that interval is compared with a bound (99 % success); a failed check, also one that found no
 * values, adds to `status.failedChecks`, which no good check resets; at `threshold` of them it rolls back. That is acted
 * upon in the tick *after* the last failed check; here the documented time, interval × threshold, is taken, a minute less.
 * The intervals stay a minute; bound and threshold are swept.
 */
export const FLAGGER = new CountedFailures({
  name: "Flagger",
  what: "a share of bad requests × minutes above it",
  windowSeconds: 60,
  published: { threshold: 0.01, failures: 5 },
  thresholds: [
    0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5,
  ],
  failures: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40],
});

// @ts-check
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/**
 * The document's signals for Prometheus: errors and request rate from the histogram's `_count` by status, p95 from its
 * buckets, CPU and memory of the process, and how much of the pool is used.
 * @param {import("pg").Pool} pool
 * @param {string} release
 */
export function createMetrics(pool, release) {
  const registry = new Registry();
  const registers = [registry];
  registry.setDefaultLabels({ service: "connect-backend", release });
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "db_pool_connections",
    help: "Connections to the database: used, and the most there may be.",
    labelNames: ["what"],
    registers,
    collect() {
      this.set({ what: "used" }, pool.totalCount - pool.idleCount);
      this.set({ what: "max" }, pool.options.max);
    },
  });
  return {
    registry,
    /** Routes are templates, so the number of series is bounded. */
    requests: new Histogram({
      name: "http_request_duration_seconds",
      help: "From a request to its answer.",
      labelNames: ["method", "route", "status"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    failures: new Counter({ name: "bugs_total", help: "Requests that met a bug of ours.", registers }),
  };
}

/** @typedef {ReturnType<typeof createMetrics>} Metrics */

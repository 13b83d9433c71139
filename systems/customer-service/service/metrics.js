// @ts-check
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/**
 * What Prometheus reads: p50, p95 and p99 come from the histogram's buckets, 4xx and 5xx rates and the throughput from
 * its `_count` by status. Routes are templates, so the number of series is bounded.
 * @param {import("pg").Pool} pool
 * @param {string} release
 */
export function createMetrics(pool, release) {
  const registry = new Registry();
  registry.setDefaultLabels({ service: "customer-service", release });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: "db_pool_connections",
    help: "Connections to the database by what they do; waiting counts requests without one.",
    labelNames: ["state"],
    registers,
    collect() {
      this.set({ state: "idle" }, pool.idleCount);
      this.set({ state: "busy" }, pool.totalCount - pool.idleCount);
      this.set({ state: "waiting" }, pool.waitingCount);
      this.set({ state: "max" }, pool.options.max);
    },
  });
  return {
    registry,
    requests: new Histogram({
      name: "http_request_duration_seconds",
      help: "From the first byte of a request to the answer.",
      labelNames: ["method", "route", "status"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 2.5, 5],
      registers,
    }),
    inFlight: new Gauge({ name: "http_requests_in_flight", help: "Requests without an answer yet.", registers }),
    tokens: new Counter({ name: "jwt_issued_total", help: "Tokens issued.", registers }),
    logins: new Counter({ name: "logins_total", help: "Attempts to log in.", labelNames: ["outcome"], registers }),
  };
}

/** @typedef {ReturnType<typeof createMetrics>} Metrics */

// @ts-check
import { randomUUID } from "node:crypto";
import { routePath } from "hono/route";

/** @typedef {{ Variables: { requestId: string, userId: string | null } }} Env */

const WELL_FORMED = /^[\w.:-]{1,64}$/;
/** Probes and scrapes are not traffic; they are logged for debugging only. */
const QUIET = new Set(["/health", "/ready", "/metrics"]);

/**
 * Gives every request an id, measures it, and writes the access log.
 * @param {import("./log.js").Logger} log
 * @param {import("./metrics.js").Metrics} metrics
 * @returns {import("hono").MiddlewareHandler<Env>}
 */
export function access(log, metrics) {
  return async (context, next) => {
    const given = context.req.header("x-request-id");
    const requestId = given !== undefined && WELL_FORMED.test(given) ? given : randomUUID();
    context.set("requestId", requestId);
    context.set("userId", null);
    context.header("x-request-id", requestId);
    const begin = performance.now();
    metrics.inFlight.inc();
    await next();
    metrics.inFlight.dec();
    const took = performance.now() - begin;
    const { method, path } = context.req;
    const status = context.res.status;
    metrics.requests.observe({ method, route: routeOf(context), status }, took / 1000);
    const record = {
      requestId,
      userId: context.get("userId"),
      method,
      path,
      statusCode: status,
      responseTime: Math.round(took * 100) / 100,
    };
    log[QUIET.has(path) ? "debug" : "info"](record, "request completed");
  };
}

/** The template, never the path: paths hold ids. @param {import("hono").Context<Env>} context */
function routeOf(context) {
  const route = routePath(context, -1);
  return route === "/*" || route === "*" ? "unknown" : route;
}

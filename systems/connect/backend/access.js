// @ts-check
import { randomUUID } from "node:crypto";
import { routePath } from "hono/route";

/** @typedef {{ Variables: { requestId: string } }} Env */

/** Anything else could forge a line of a log. */
const WELL_FORMED = /^[\w.:-]{1,64}$/;
/** Probes and scrapes are no traffic. */
const QUIET = new Set(["/api/health", "/metrics"]);

/**
 * Gives each request an id (the caller's, if it sent one), measures it and logs it.
 * @param {Pick<import("./app.js").Parts, "log" | "metrics" | "release">} parts
 * @returns {import("hono").MiddlewareHandler<Env>}
 */
export function access({ log, metrics, release }) {
  return async (context, next) => {
    const given = context.req.header("x-request-id") ?? "";
    const requestId = WELL_FORMED.test(given) ? given : randomUUID();
    context.set("requestId", requestId);
    context.header("x-request-id", requestId);
    context.header("x-release", release);
    const begin = performance.now();
    await next();
    const responseTime = performance.now() - begin;
    const { method, path } = context.req;
    const status = context.res.status;
    const template = routePath(context, -1);
    const route = template.endsWith("*") ? "none" : template;
    metrics.requests.observe({ method, route, status }, responseTime / 1000);
    const line = { requestId, method, path, statusCode: status, responseTime: Math.round(responseTime * 100) / 100 };
    log[QUIET.has(path) ? "debug" : "info"](line, "answered");
  };
}

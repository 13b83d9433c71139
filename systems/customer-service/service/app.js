// @ts-check
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { access } from "./access.js";
import { customerRoutes } from "./customer-routes.js";
import { describe } from "./log.js";
import { loginRoutes } from "./login-routes.js";
import { fromDatabase, Problem } from "./problem.js";

/** @typedef {import("./access.js").Env} Env */

/**
 * Everything that routes need. `open`: whether the schema is there and the service is not stopping.
 * @typedef {object} Parts
 * @property {import("./log.js").Logger} log
 * @property {import("./metrics.js").Metrics} metrics
 * @property {import("./tokens.js").Tokens} tokens
 * @property {import("pg").Pool} pool
 * @property {string} release
 * @property {{ migrated: boolean, stopping: boolean }} state
 * @property {() => Promise<boolean>} databaseAnswers
 */

const BODY_BYTES = 64 * 1024;

/** @param {Parts} parts */
export function createApp(parts) {
  const { log, metrics, state } = parts;
  /** @type {Hono<Env>} */
  const app = new Hono();
  app.use(access(log, metrics));
  app.use(secureHeaders());
  app.use(async (context, next) => {
    context.header("x-release", parts.release);
    context.header("cache-control", "no-store");
    await next();
    // Asked when the answer is there: the request may have come before the signal.
    if (state.stopping) context.header("connection", "close");
  });
  app.use(
    bodyLimit({
      maxSize: BODY_BYTES,
      onError: () => {
        throw new Problem(413, "body-too-large", `a body may have at most ${BODY_BYTES} bytes`);
      },
    }),
  );

  app.get("/health", (context) => context.json({ status: "ok", release: parts.release }));
  app.get("/ready", async (context) => {
    const reason = await whyNotReady(parts);
    return reason === null ? context.json({ status: "ready" }) : context.json({ status: "not ready", reason }, 503);
  });
  app.get("/metrics", async (context) => {
    const text = await metrics.registry.metrics();
    return context.body(text, 200, { "content-type": metrics.registry.contentType });
  });

  app.use("/login", whenMigrated(state));
  app.use("/customers/*", whenMigrated(state));
  app.route("/login", loginRoutes(parts));
  app.route("/customers", customerRoutes(parts));

  app.notFound((context) => answer(context, new Problem(404, "no-such-route", "there is nothing at this path")));
  app.onError((error, context) => {
    const problem = error instanceof Problem ? error : fromDatabase(error);
    if (problem !== null) {
      if (problem.status === 503)
        log.warn({ requestId: context.get("requestId"), ...describe(error) }, problem.message);
      return answer(context, problem);
    }
    log.error({ requestId: context.get("requestId"), ...describe(error) }, "request failed");
    const body = { code: "internal-error", message: "something went wrong", requestId: context.get("requestId") };
    return context.json({ error: body }, 500);
  });
  return app;
}

/** @param {import("hono").Context<Env>} context @param {Problem} problem */
function answer(context, { status, code, message, fields, headers }) {
  const requestId = context.get("requestId");
  return context.json({ error: { code, message, ...(fields && { fields }), requestId } }, status, headers);
}

/** @param {Parts["state"]} state @returns {import("hono").MiddlewareHandler<Env>} */
function whenMigrated(state) {
  return async (_context, next) => {
    if (!state.migrated)
      throw new Problem(503, "starting", "the service is starting", { headers: { "retry-after": "1" } });
    await next();
  };
}

/** @param {Parts} parts */
async function whyNotReady({ state, databaseAnswers }) {
  if (state.stopping) return "stopping";
  if (!state.migrated) return "schema not there yet";
  return (await databaseAnswers()) ? null : "database does not answer";
}

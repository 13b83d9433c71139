// @ts-check
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { told } from "../log.js";
import { access } from "./access.js";
import { loanRoutes } from "./loan-routes.js";
import { Problem, problemOf } from "./problem.js";
import { projectRoutes } from "./project-routes.js";

/**
 * `state.ready`: the schema is there. `state.stopping`: SIGTERM came.
 * @typedef {object} Parts
 * @property {import("../log.js").Logger} log
 * @property {import("./metrics.js").Metrics} metrics
 * @property {import("./projects.js").Projects} projects
 * @property {import("./loans.js").Loans} loans
 * @property {string} release
 * @property {{ ready: boolean, stopping: boolean }} state
 */

const BODY_BYTES = 64 * 1024;

/** @param {Parts} parts */
export function createApp(parts) {
  const { log, metrics, state, release } = parts;
  /** @type {Hono<import("./access.js").Env>} */
  const app = new Hono();
  app.use(access(parts));
  app.use(secureHeaders());
  app.use(async (context, next) => {
    await next();
    // The signal may have come after the request.
    if (state.stopping) context.header("connection", "close");
  });
  app.use(
    bodyLimit({
      maxSize: BODY_BYTES,
      onError: () => {
        throw new Problem(413, "body-too-large", `a body may have ${BODY_BYTES} bytes at most`);
      },
    }),
  );

  // Both probes ask here, as the document says. A database that is gone for the moment takes nobody out: all replicas
  // share it, so there would be none left to say so, and restarting them would not bring it back.
  app.get("/api/health", (context) =>
    state.ready
      ? context.json({ status: "ok", release })
      : context.json({ status: "starting", release }, 503, { "retry-after": "1" }),
  );
  app.get("/metrics", async (context) =>
    context.body(await metrics.registry.metrics(), 200, { "content-type": metrics.registry.contentType }),
  );

  app.use("/api/*", async (_context, next) => {
    if (!state.ready) throw new Problem(503, "starting", "the schema is not there yet; try again in a moment");
    await next();
  });
  app.route("/api/projects", projectRoutes(parts.projects));
  app.route("/api/loans", loanRoutes(parts.loans));

  app.notFound((context) => refuse(context, new Problem(404, "no-such-route", "there is nothing here")));
  app.onError((error, context) => {
    const problem = problemOf(error);
    const requestId = context.get("requestId");
    if (problem !== null) {
      if (problem.status === 503) log.warn({ requestId, ...told(problem.cause ?? problem) }, problem.message);
      return refuse(context, problem);
    }
    metrics.failures.inc();
    log.error({ requestId, ...told(error) }, "request failed");
    return context.json({ error: { code: "internal-error", message: "something went wrong", requestId } }, 500);
  });
  return app;
}

/** @param {import("hono").Context<import("./access.js").Env>} context @param {Problem} problem */
function refuse(context, { status, code, message, fields }) {
  if (status === 503) context.header("retry-after", "1");
  const requestId = context.get("requestId");
  return context.json({ error: { code, message, ...(fields !== undefined && { fields }), requestId } }, status);
}

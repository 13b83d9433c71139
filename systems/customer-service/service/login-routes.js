// @ts-check
import { Hono } from "hono";
import { verifyPassword } from "./passwords.js";
import { Problem } from "./problem.js";
import { jsonBody, Login, parse } from "./shapes.js";
import { findUser } from "./users.js";

/** scrypt takes 16 MiB and a thread each; more at once would let anyone starve the service. */
const AT_ONCE = 8;

/** @param {import("./app.js").Parts} parts */
export function loginRoutes({ pool, tokens, metrics, log }) {
  let hashing = 0;
  /** @type {Hono<import("./access.js").Env>} */
  const routes = new Hono();
  routes.post("/", async (context) => {
    const { email, password } = parse(Login, await jsonBody(context));
    if (hashing >= AT_ONCE)
      throw new Problem(429, "too-many-logins", "too many logins at once", { headers: { "retry-after": "1" } });
    hashing += 1;
    try {
      const user = await findUser(pool, email);
      const matches = await verifyPassword(password, user?.password ?? null);
      const audit = { requestId: context.get("requestId"), userId: user?.id ?? null };
      if (user === null || !matches) {
        metrics.logins.inc({ outcome: "refused" });
        log.warn({ audit: "login.refused", ...audit }, "login refused");
        throw new Problem(401, "wrong-credentials", "email or password is wrong");
      }
      metrics.logins.inc({ outcome: "succeeded" });
      metrics.tokens.inc();
      context.set("userId", user.id);
      log.info({ audit: "login.succeeded", ...audit }, "login succeeded");
      return context.json({ token: await tokens.issue(user.id), type: "Bearer", expiresIn: tokens.lifetimeSeconds });
    } finally {
      hashing -= 1;
    }
  });
  routes.all("/", () => {
    throw new Problem(405, "method-not-allowed", "this path answers POST", { headers: { allow: "POST" } });
  });
  return routes;
}

/**
 * Lets a request pass with a valid `Authorization: Bearer` token and says whose it is.
 * @param {import("./tokens.js").Tokens} tokens
 * @returns {import("hono").MiddlewareHandler<import("./access.js").Env>}
 */
export function authenticated(tokens) {
  return async (context, next) => {
    const [, token] = /^Bearer ([\w.-]{1,4096})$/i.exec(context.req.header("authorization") ?? "") ?? [];
    const userId = token === undefined ? null : await tokens.verify(token);
    if (userId === null) {
      const headers = { "www-authenticate": "Bearer" };
      throw new Problem(401, "not-authenticated", "log in at POST /login and send the token", { headers });
    }
    context.set("userId", userId);
    await next();
  };
}

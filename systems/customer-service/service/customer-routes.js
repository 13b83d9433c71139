// @ts-check
import { Hono } from "hono";
import { viewOf } from "./customer-view.js";
import { createCustomers } from "./customers.js";
import { authenticated } from "./login-routes.js";
import { Problem } from "./problem.js";
import { CustomerBody, CustomerId, jsonBody, Page, parse } from "./shapes.js";

/** @typedef {import("hono").Context<import("./access.js").Env>} Context */

/** @param {import("./app.js").Parts} parts */
export function customerRoutes({ pool, tokens, log }) {
  const customers = createCustomers(pool);
  /** @type {Hono<import("./access.js").Env>} */
  const routes = new Hono();
  routes.use(authenticated(tokens));

  /** @param {Context} context @param {"created" | "updated" | "deleted"} what @param {string} customerId */
  const audit = (context, what, customerId) => {
    const who = { requestId: context.get("requestId"), userId: context.get("userId") };
    log.info({ audit: `customer.${what}`, ...who, customerId }, `customer ${what}`);
  };

  routes.get("/", async (context) => {
    const { limit, after, q } = parse(Page, context.req.query());
    const found = q === null ? await customers.list(limit, after) : await customers.search(q, limit);
    const more = q === null && found.length === limit;
    return context.json({ customers: found.map(viewOf), next: more ? found.at(-1)?.id : null });
  });

  routes.post("/", async (context) => {
    const customer = await customers.create(parse(CustomerBody, await jsonBody(context)));
    audit(context, "created", customer.id);
    const headers = { location: `/customers/${customer.id}`, etag: etagOf(customer) };
    return context.json(viewOf(customer), 201, headers);
  });

  routes.get("/:id", async (context) => {
    const customer = await customers.read(idOf(context));
    if (customer === null) throw missing();
    return context.json(viewOf(customer), 200, { etag: etagOf(customer) });
  });

  routes.put("/:id", async (context) => {
    const id = idOf(context);
    const expected = expectedVersion(context);
    const fields = parse(CustomerBody, await jsonBody(context));
    const customer = await customers.update(id, fields, expected);
    if (customer === null) {
      if (expected === null || (await customers.read(id)) === null) throw missing();
      throw new Problem(412, "changed-meanwhile", "the customer was changed since it was read; read it again");
    }
    audit(context, "updated", id);
    return context.json(viewOf(customer), 200, { etag: etagOf(customer) });
  });

  routes.delete("/:id", async (context) => {
    const id = idOf(context);
    if (!(await customers.remove(id))) throw missing();
    audit(context, "deleted", id);
    return context.body(null, 204);
  });

  routes.all("/", refuseMethod("GET, POST"));
  routes.all("/:id", refuseMethod("GET, PUT, DELETE"));
  return routes;
}

/** @param {Context} context */
function idOf(context) {
  return parse(CustomerId, { id: context.req.param("id") }).id;
}

/** @param {{ version: number }} customer */
function etagOf({ version }) {
  return `"${version}"`;
}

/** `If-Match` with the `etag` of an answer guards against a lost update. @param {Context} context */
function expectedVersion(context) {
  const header = context.req.header("if-match");
  if (header === undefined || header === "*") return null;
  const [, version] = /^"(\d{1,9})"$/.exec(header) ?? [];
  if (version === undefined) throw new Problem(400, "malformed-etag", 'If-Match must be the etag of an answer, as "3"');
  return Number(version);
}

function missing() {
  return new Problem(404, "no-such-customer", "there is no customer with this id");
}

/** @param {string} allow */
function refuseMethod(allow) {
  return () => {
    throw new Problem(405, "method-not-allowed", `this path answers ${allow}`, { headers: { allow } });
  };
}

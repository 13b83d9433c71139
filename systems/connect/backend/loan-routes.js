// @ts-check
import { Hono } from "hono";
import { body, LoanPage, NewLoan, parse } from "./shapes.js";

/** @param {import("./loans.js").Loans} loans */
export function loanRoutes(loans) {
  /** @type {Hono<import("./access.js").Env>} */
  const routes = new Hono();
  routes.get("/", async (context) => context.json({ loans: await loans.list(parse(LoanPage, context.req.query())) }));
  routes.post("/", async (context) =>
    context.json(await loans.create(await body(context, NewLoan), context.get("requestId")), 201),
  );
  return routes;
}

// @ts-check
import { z } from "zod";
import { Problem } from "./problem.js";

export const statuses = /** @type {const} */ (["planned", "active", "completed", "cancelled"]);

const status = z.enum(statuses);
/** In cents; more than JavaScript counts exactly is no amount. */
const cents = z.int().min(1);
const limit = z.coerce.number().int().min(1).max(100).default(20);

export const NewProject = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    // PostgreSQL refuses NUL, and a name has no other control characters either.
    .refine((text) => !/\p{Cc}/u.test(text), "must not have control characters"),
  status: status.default("planned"),
  budget: cents.nullable().default(null),
});
export const StatusChange = z.strictObject({ status });
export const NewLoan = z.strictObject({ projectId: z.uuid(), borrowerId: z.uuid(), amount: cents });
export const Id = z.strictObject({ id: z.uuid() });
/** `after`: the last id of the page before. */
export const ProjectPage = z.strictObject({
  status: status.optional(),
  limit,
  after: z.uuid().optional(),
});
export const LoanPage = z.strictObject({ borrower: z.uuid(), limit });

/**
 * @template {z.ZodType} Shape
 * @param {Shape} shape
 * @param {unknown} input
 * @returns {z.output<Shape>}
 * @throws {Problem} 422 with every field that is wrong
 */
export function parse(shape, input) {
  const read = shape.safeParse(input);
  if (read.success) return read.data;
  throw new Problem(422, "invalid-input", "some fields are not valid", {
    fields: read.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
  });
}

/**
 * A body in JSON of a given shape.
 * @template {z.ZodType} Shape
 * @param {import("hono").Context} context
 * @param {Shape} shape
 * @returns {Promise<z.output<Shape>>}
 */
export async function body(context, shape) {
  if (!/^application\/json\s*(;|$)/i.test(context.req.header("content-type") ?? ""))
    throw new Problem(415, "not-json", "send application/json");
  const text = await context.req.text();
  let value;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Problem(400, "malformed-json", "the body is not JSON", { cause });
  }
  return parse(shape, value);
}

// @ts-check
import { z } from "zod";
import { Problem } from "./problem.js";

const line = (/** @type {number} */ longest) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    // Control characters have no place in a name, and PostgreSQL refuses NUL.
    .refine((text) => !/\p{Cc}/u.test(text), "must not contain control characters");

export const Login = z.strictObject({ email: z.email().max(254), password: z.string().min(1).max(1024) });

export const CustomerBody = z.strictObject({
  name: line(200),
  email: z.email().max(254),
  phone: z
    .string()
    .regex(/^\+?[0-9][0-9 ()/.-]{3,30}$/, "must be a phone number")
    .nullable()
    .default(null),
  city: line(100).nullable().default(null),
});

const limit = z.coerce.number().int().min(1).max(100).default(20);

/** A page of all (`after` the last one's id), or those found by `q`, best first. */
export const Page = z
  .strictObject({ limit, after: z.uuid().nullable().default(null), q: line(100).nullable().default(null) })
  .refine((page) => page.after === null || page.q === null, { path: ["after"], message: "what q finds has no pages" });
export const CustomerId = z.strictObject({ id: z.uuid() });

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
  const fields = read.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  throw new Problem(422, "invalid-input", "some fields are not valid", { fields });
}

/**
 * The body as JSON; hono's limit has bounded it already.
 * @param {import("hono").Context} context
 * @returns {Promise<unknown>}
 */
export async function jsonBody(context) {
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Problem(415, "not-json", "send the body as application/json");
  const text = await context.req.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem(400, "malformed-json", "the body is not valid JSON", { cause });
  }
}

import { z } from "zod";

/** The named schemas of the OpenAPI document. */
export const components = z.registry<{ id: string; description?: string }>();

/** Gives a schema a name under `#/components/schemas/`. */
export function component<S extends z.ZodType>(id: string, schema: S, description?: string): S {
  components.add(schema, description === undefined ? { id } : { id, description });
  return schema;
}

/** Zod infers writable arrays and objects; what the rooms share is readonly. */
type Writable<T> = T extends string | number | boolean | null | undefined
  ? T
  : { -readonly [K in keyof T]: Writable<T[K]> };

/** `true` when a schema and a type say the same, field by field; else it is `false`, and `satisfies` fails. */
export type Same<A, B> = [Writable<A>] extends [Writable<B>]
  ? [Writable<B>] extends [Writable<A>]
    ? true
    : false
  : false;

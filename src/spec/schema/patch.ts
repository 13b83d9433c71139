import { z } from "zod";
import { descriptionOf } from "./field.js";

/** What an environment may say about `T`: any part of it. Objects merge, everything else replaces, null removes. */
export type Patch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Patch<Exclude<T[K], undefined>> | null | undefined }
    : T;

/** The schema of {@link Patch}: every field optional and nullable, at every depth. */
export function patchOf<T extends z.ZodType>(schema: T): z.ZodType<Patch<z.output<T>>, Patch<z.input<T>>> {
  return patch(schema) as unknown as z.ZodType<Patch<z.output<T>>, Patch<z.input<T>>>;
}

function patch(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return patch(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodObject) {
    const shape = Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, inner]) => {
      const description = descriptionOf(inner);
      const looser = patch(inner).nullable().optional();
      return [key, description === undefined ? looser : looser.meta({ description })] as const;
    });
    return z.strictObject(Object.fromEntries(shape));
  }
  if (schema instanceof z.ZodUnion) return z.union(schema.options.map((option) => patch(option as z.ZodType)));
  if (schema instanceof z.ZodRecord)
    return z.record(schema.keyType as z.ZodString, patch(schema.valueType as z.ZodType).nullable());
  return schema;
}

import { z } from "zod";

/** An optional field with its description, which reaches editors (JSON Schema) and the reference page. */
export function field<T extends z.ZodType>(schema: T, description: string): z.ZodOptional<T> {
  return schema.optional().meta({ description });
}

export function required<T extends z.ZodType>(schema: T, description: string): T {
  return schema.meta({ description });
}

/** The description that {@link field} or {@link required} gave. */
export function descriptionOf(schema: z.ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.description;
}

import { z } from "zod";

/** Values whose form many schemas share. */
export const count = z.int().nonnegative();
export const milliseconds = z.number().nonnegative();
export const port = z.int().min(0).max(65_535);
export const text = (longest: number) => z.string().max(longest);
export const argv = z.array(text(8_192)).min(1).max(1_000);
export const path = text(2_048).regex(/^\//, { error: "a path begins with /" });

/** Names become keys of plain objects, where `constructor` is always there already. */
const ownKey = (value: string) => !(value in Object.prototype);

/** RFC 1123 label, as in the spec: it ends up in host names, file names and event streams. */
export const name = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: "not a name: up to 63 lower-case letters, digits and dashes, beginning with a letter",
  })
  .refine(ownKey, { error: "a name that JavaScript keeps for itself" });
export const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "not a name of a variable" });
export const secretName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_./-]{0,127}$/, { error: "not a name of a secret" });
export const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/, { error: "not a digest: sha256:<64 hex digits>" });

/** A revision, `r7`. What is no id at all is for the engine to refuse: it knows which ones there are. */
export const revisionId = z
  .string()
  .regex(/^[^\p{Cc}]{1,200}$/u, { error: "not a revision: r1, r2, …" })
  .refine(ownKey, { error: "not a revision: r1, r2, …" });

/** A sentence of a person. Control characters would reach terminals and logs. */
export const sentence = text(2_000).regex(/^[^\p{Cc}]*$/u, { error: "one line, without control characters" });
/** Who or what asks; a key. */
export const word = text(200).regex(/^[^\p{Cc}]+$/u, { error: "one line, without control characters" });

/** A whole number in a query or a path. */
export const wholeNumber = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,14})$/, { error: "not a whole number" })
  .transform(Number);
export const flag = z.enum(["true", "false", "1", "0"]).transform((value) => value === "true" || value === "1");

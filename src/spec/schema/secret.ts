import { z } from "zod";
import { field, required } from "./field.js";

export const secret = z.strictObject({
  secret: required(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_./-]{0,127}$/, {
      error: "not a name of a secret\nletters, digits, and _ . / - after the first one",
    }),
    "Name of the secret; its value is set with `windlass secret`, and only the target knows it.",
  ),
  generate: field(z.literal(true), "Made up at random on first use when it is not set."),
});

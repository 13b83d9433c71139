import { z } from "zod";
import { field, required } from "./field.js";

export const dockerfileObject = z.strictObject({
  file: required(z.string().min(1), "Relative to the spec."),
  context: field(
    z.string().min(1),
    "Directory that COPY takes from, relative to the spec. Default: the source's directory.",
  ),
  stage: field(z.string().min(1), "The stage to build. None: the last one."),
});

export const dockerfile = z.union([z.string().min(1), dockerfileObject]);

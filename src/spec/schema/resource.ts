import { z } from "zod";
import { field, required } from "./field.js";
import { secret } from "./secret.js";

export const resourceKinds = ["postgres", "redis"] as const;

export const resourceObject = z.strictObject({
  kind: required(z.enum(resourceKinds), "postgres or redis."),
  embedded: field(z.literal(true), "Windlass runs it on this machine, with its own data. The default."),
  local: field(z.string().min(1), "URL of a server on this machine, without a password."),
  external: field(secret, "The secret that holds the URL of a server somewhere else."),
});

export const resource = z.union([z.enum(resourceKinds), resourceObject]);

import { z } from "zod";
import { system } from "./schema/system.js";

/** JSON Schema (draft 2020-12) of a spec, for editors: completion and descriptions in YAML and JSON. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(system, { io: "input", target: "draft-2020-12" }) as Record<string, unknown>;
  return { $schema: schema.$schema, title: "windlass.system.yaml", ...schema };
}

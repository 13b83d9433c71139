// Writes dist/windlass.schema.json, which editors take for windlass.system.yaml. Runs after the build.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { jsonSchema } from "../dist/spec/json-schema.js";

const file = path.join(import.meta.dirname, "..", "dist", "windlass.schema.json");
writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);

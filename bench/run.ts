// npm run bench -- <name>: prints the lines of bench/<name>.ts and, last, its figures as one JSON object.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import type { BenchResult } from "./result.js";

const name = process.argv[2] ?? "";
const known = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "run.ts" && file !== "result.ts")
  .map((file) => file.slice(0, -3));
if (!known.includes(name) || !existsSync(path.join(import.meta.dirname, `${name}.ts`))) {
  console.error(`npm run bench -- <name>, where <name> is one of: ${known.join(", ")}`);
  process.exit(2);
}
const { run } = (await import(`./${name}.js`)) as { run(): Promise<BenchResult> };
const { lines, figures, reached } = await run();
for (const line of lines) console.log(line);
console.log(JSON.stringify({ name, figures, reached }));
// What a benchmark leaves open must not keep the shell waiting.
process.exit(reached ? 0 : 1);

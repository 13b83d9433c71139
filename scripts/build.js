// Compiles src/ to dist/. With --if-stale it does nothing when dist/ is newer than every source file.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
const stamp = path.join(root, "dist", ".built");

function newest(directory) {
  let latest = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const full = path.join(directory, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(full) : statSync(full).mtimeMs);
  }
  return latest;
}

const stale = !existsSync(stamp) || newest(path.join(root, "src")) > statSync(stamp).mtimeMs;
if (process.argv.includes("--if-stale") && !stale) process.exit(0);

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const result = spawnSync(process.execPath, [tsc, "-p", path.join(root, "tsconfig.build.json")], { stdio: "inherit" });
if (result.status !== 0) process.exit(result.status ?? 1);
const schema = spawnSync(process.execPath, [path.join(import.meta.dirname, "schema.js")], { stdio: "inherit" });
if (schema.status !== 0) process.exit(schema.status ?? 1);
mkdirSync(path.dirname(stamp), { recursive: true });
writeFileSync(stamp, "");

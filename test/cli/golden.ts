import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";

/** Compares with `test/golden/cli/<name>.txt`; `GOLDEN=write` writes it anew, for a person to read in the diff. */
export function expectGolden(name: string, text: string): void {
  const slug = name.replace(/[^a-z0-9.]+/g, "-");
  const file = path.join(import.meta.dirname, "..", "golden", "cli", `${slug}.txt`);
  if (process.env.GOLDEN === "write") writeFileSync(file, text);
  expect(existsSync(file), `${name}.txt is missing: GOLDEN=write npx vitest run test/cli`).toBe(true);
  expect(text).toBe(readFileSync(file, "utf8"));
}

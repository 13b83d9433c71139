import { chmod, copyFile, mkdir, readdir } from "node:fs/promises";
import path from "node:path";

/** Copies a folder of Go's module cache, which is read-only, into one that may be written to and removed. */
export async function copyWritable(from: string, to: string, without: readonly string[] = []): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (without.includes(entry.name)) continue;
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) await copyWritable(path.join(from, entry.name), target);
    if (!entry.isFile()) continue;
    await copyFile(path.join(from, entry.name), target);
    await chmod(target, 0o644);
  }
}

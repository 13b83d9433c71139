import { statSync } from "node:fs";
import path from "node:path";
import { entriesOf, isIgnored, type WatchedDirectory } from "./watched.js";

/** Looks at the times and sizes of files again and again: slower than watching, and works everywhere. */
export function pollFiles(
  directories: readonly WatchedDirectory[],
  changed: (paths: readonly string[]) => void,
  periodMs = 1_000,
): () => void {
  let before = look(directories);
  const timer = setInterval(() => {
    const now = look(directories);
    const paths = [...new Set([...before.keys(), ...now.keys()])].filter((file) => before.get(file) !== now.get(file));
    before = now;
    if (paths.length > 0) changed(paths.sort());
  }, periodMs);
  return () => clearInterval(timer);
}

function look(directories: readonly WatchedDirectory[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (root: WatchedDirectory, name: string) => {
    for (const entry of entriesOf(path.join(root.directory, name))) {
      const child = path.posix.join(name, entry.name);
      if (isIgnored(root, child)) continue;
      if (entry.isDirectory()) visit(root, child);
      else if (entry.isFile()) {
        const file = path.join(root.directory, child);
        const seen = statSync(file, { throwIfNoEntry: false });
        if (seen !== undefined) found.set(file, `${seen.mtimeMs} ${seen.size}`);
      }
    }
  };
  for (const root of directories) visit(root, "");
  return found;
}

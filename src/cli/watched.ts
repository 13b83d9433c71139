import { type Dirent, readdirSync } from "node:fs";
import path from "node:path";

export interface WatchedDirectory {
  readonly directory: string;
  /** True for a path (relative, `/`) that does not matter. */
  readonly ignores: (name: string) => boolean;
}

export function isIgnored(root: WatchedDirectory, name: string): boolean {
  return path.posix.basename(name) === "node_modules" || root.ignores(name);
}

export function directoriesIn(directory: string): readonly string[] {
  return entriesOf(directory).flatMap((entry) => (entry.isDirectory() ? entry.name : []));
}

/** A directory that is gone, or closed, has none. */
export function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw error;
  }
}

import { type FSWatcher, watch } from "node:fs";
import path from "node:path";
import { pollFiles } from "./poll.js";
import { directoriesIn, isIgnored, type WatchedDirectory } from "./watched.js";

/** More directories than this are not watched: inotify's are few, and nobody writes code in so many. */
const MOST = 4_000;
const QUIET_MS = 200;

/**
 * Calls back with the changed paths once nothing has changed for a moment. One watch per directory, because recursive
 * watching on Linux would also open what is ignored. Returns the way to stop.
 */
export function watchFiles(
  directories: readonly WatchedDirectory[],
  changed: (paths: readonly string[]) => void,
): () => void {
  try {
    return watchEach(directories, changed);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The system has no watches left, or none for this file system: then looking every second has to do.
    if (code !== "ENOSPC" && code !== "EMFILE" && code !== "ENOSYS") throw error;
    return pollFiles(directories, changed);
  }
}

function watchEach(directories: readonly WatchedDirectory[], changed: (paths: readonly string[]) => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  const seen = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  const note = (file: string) => {
    seen.add(file);
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      const paths = [...seen].sort();
      seen.clear();
      changed(paths);
    }, QUIET_MS);
  };
  const add = (root: WatchedDirectory, name: string) => {
    const full = path.join(root.directory, name);
    // Two roots may be one directory, and differ in what they ignore.
    const key = `${directories.indexOf(root)} ${full}`;
    if (watchers.has(key) || watchers.size >= MOST) return;
    const watcher = watch(full, (_kind, file) => {
      const child = path.posix.join(name, file ?? "");
      if (file === null || isIgnored(root, child)) return;
      note(path.join(full, file));
      // A new directory is watched, too.
      if (isDirectory(full, file)) addBelow(root, child);
    });
    watcher.on("error", () => {
      watcher.close();
      watchers.delete(key);
    });
    watchers.set(key, watcher);
  };
  const addBelow = (root: WatchedDirectory, name: string) => {
    add(root, name);
    for (const child of directoriesIn(path.join(root.directory, name))) {
      const below = path.posix.join(name, child);
      if (!isIgnored(root, below)) addBelow(root, below);
    }
  };
  try {
    for (const root of directories) addBelow(root, "");
  } catch (error) {
    for (const watcher of watchers.values()) watcher.close();
    throw error;
  }
  return () => {
    if (timer !== null) clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

function isDirectory(parent: string, name: string): boolean {
  return directoriesIn(parent).includes(name);
}

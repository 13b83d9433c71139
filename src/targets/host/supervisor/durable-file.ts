import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";

/** Replaces a file as a whole and returns after the disk has it; readable by its owner only. */
export function writeDurably(file: string, text: string): void {
  const directory = path.dirname(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}.next`;
  const descriptor = openSync(next, "w", 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(next, file);
  syncDirectory(directory);
}

/** Null when there is no such file. */
export function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * What a file of ours says; null when there is none. One that cannot be understood (a disk's fault, as writes are
 * whole) is put aside under another name and said, so that it does not keep the daemon from starting.
 */
export function readRecord<T>(
  file: string,
  parse: (value: unknown) => T,
  damaged: (file: string, error: unknown) => void,
): T | null {
  const text = readIfThere(file);
  if (text === null) return null;
  try {
    return parse(JSON.parse(text));
  } catch (error) {
    renameSync(file, `${file}.damaged`);
    damaged(file, error);
    return null;
  }
}

export function removeDurably(file: string): void {
  rmSync(file, { force: true });
  syncDirectory(path.dirname(file));
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { WindlassError } from "../error.js";
import { shortName } from "./home.js";
import { findSpec } from "./load/find.js";

/** Which system a directory belongs to, without running its spec. */
export interface SpecIdentity {
  readonly system: string;
  readonly environments: readonly string[];
}

export interface Remembered extends SpecIdentity {
  readonly mtimeMs: number;
  readonly size: number;
}

/** The spec's file, or null when there is none. A directory with two specs is an error everywhere. */
export function specFile(cwd: string): string | null {
  try {
    return findSpec(cwd);
  } catch (error) {
    if (error instanceof WindlassError && error.code === "spec-not-found") return null;
    throw error;
  }
}

/** What was remembered of a spec that has not changed since; null: it has to be loaded. */
export function recall(config: string, file: string): SpecIdentity | null {
  const found = recallAny(config, file);
  const now = statSync(file, { throwIfNoEntry: false });
  return found !== null && found.mtimeMs === now?.mtimeMs && found.size === now.size ? found : null;
}

/** What was remembered of a spec, however it has changed since; null: it was never loaded. */
export function recallAny(config: string, file: string): Remembered | null {
  const text = readIfThere(memory(config, file));
  return text === null ? null : (JSON.parse(text) as Remembered);
}

/** A memory that cannot be written costs time only. */
export function remember(config: string, file: string, identity: SpecIdentity): void {
  const now = statSync(file);
  const place = memory(config, file);
  const remembered: Remembered = { ...identity, mtimeMs: now.mtimeMs, size: now.size };
  try {
    mkdirSync(path.dirname(place), { recursive: true, mode: 0o700 });
    writeFileSync(`${place}.${process.pid}`, JSON.stringify(remembered), { mode: 0o600 });
    renameSync(`${place}.${process.pid}`, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EROFS" && code !== "ENOSPC" && code !== "EPERM") throw error;
  }
}

function memory(config: string, file: string): string {
  return path.join(config, "specs", `${shortName(file)}.json`);
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

import { readFile } from "node:fs/promises";
import os from "node:os";
import { WindlassError } from "../../../../error.js";

/** What access to a cluster is found by: the one boundary to the process's environment and the files. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Null when there is no such file; rejects when there is one that cannot be read. */
  readText(file: string): Promise<string | null>;
}

export function processSurroundings(): Surroundings {
  return { env: process.env, home: os.homedir(), readText };
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return null;
    throw new WindlassError("kubernetes-config", `${file} cannot be read`, { cause });
  }
}

/** The text of a file that another file names. */
export async function requiredText(around: Surroundings, file: string, what: string): Promise<string> {
  const text = await around.readText(file);
  if (text === null) throw new WindlassError("kubernetes-config", `${what}: there is no file ${file}`);
  return text;
}

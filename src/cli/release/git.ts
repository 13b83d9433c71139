import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Commit {
  /** 40 (or 64) hex digits; null: no repository, no commit yet, or no git. */
  readonly commit: string | null;
  readonly dirty: boolean;
}

/** The commit of a directory, and whether what is in `paths` differs from it; files that git does not know count. */
export async function commitOf(directory: string, paths: readonly string[]): Promise<Commit> {
  const head = await git(directory, ["rev-parse", "--verify", "--quiet", "HEAD"]);
  if (head === null) return { commit: null, dirty: (await git(directory, ["rev-parse", "--git-dir"])) !== null };
  const changes = await git(directory, ["status", "--porcelain", "--", ...paths]);
  return { commit: head.trim(), dirty: changes !== "" };
}

/** Null when git refuses or is not there: then nothing is known, and nothing is claimed. */
async function git(directory: string, argv: readonly string[]): Promise<string | null> {
  try {
    const options = { timeout: 10_000, maxBuffer: 16 * 1024 * 1024, env: { ...process.env, GIT_OPTIONAL_LOCKS: "0" } };
    return (await run("git", ["-C", directory, ...argv], options)).stdout;
  } catch (error) {
    const { code, killed } = error as { code?: unknown; killed?: boolean };
    if (typeof code === "number" || code === "ENOENT" || killed === true) return null;
    throw error;
  }
}

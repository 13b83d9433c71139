import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { WindlassError } from "../../../error.js";

/** In the first line of every file that is rendered: only such are ever replaced or removed. */
const MARK = "Rendered by `windlass render";

export interface Folder {
  readonly written: readonly string[];
  /** Of an earlier rendering, and no longer there. */
  readonly removed: readonly string[];
}

export interface FolderFile {
  readonly name: string;
  readonly text: string;
}

/** `# Rendered by …` for YAML, `<!-- … -->` for Markdown; what `MARK` is found in again. */
export function headOf(name: string, what: string): string {
  const line = `${MARK} ${what}\`. Do not edit: it is written anew.`;
  return name.endsWith(".md") ? `<!-- ${line} -->\n` : `# ${line}\n`;
}

/**
 * Writes the files, each whole or not at all, and removes those of an earlier rendering. A file of the same name that is
 * not ours is refused (`cli-render-foreign`) before anything is written.
 */
export async function writeFolder(folder: string, files: readonly FolderFile[]): Promise<Folder> {
  try {
    await mkdir(folder, { recursive: true });
    const present = await readdir(folder);
    const ours = new Set<string>();
    for (const name of present.filter((one) => /\.(yaml|md)$/.test(one)))
      if (await isOurs(path.join(folder, name))) ours.add(name);
    const foreign = files.find(({ name }) => present.includes(name) && !ours.has(name));
    if (foreign !== undefined)
      throw new WindlassError(
        "cli-render-foreign",
        `${path.join(folder, foreign.name)} is not of an earlier rendering.`,
        {
          hint: "Move it away, or name a folder of its own: --output deploy/rendered",
        },
      );
    for (const { name, text } of files) await replace(path.join(folder, name), text);
    const names = new Set(files.map(({ name }) => name));
    const removed = [...ours].filter((name) => !names.has(name)).sort();
    for (const name of removed) await rm(path.join(folder, name));
    return { written: files.map(({ name }) => name), removed };
  } catch (cause) {
    if (cause instanceof WindlassError) throw cause;
    throw new WindlassError("cli-render-not-written", `${folder} cannot be written.`, { cause });
  }
}

async function isOurs(file: string): Promise<boolean> {
  const [first = ""] = (await readFile(file, "utf8")).split("\n", 1);
  return first.includes(MARK);
}

async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  try {
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    // What went wrong first is what is told.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

import { lstat, readdir, readlink } from "node:fs/promises";
import path from "node:path";
import { WindlassError } from "../error.js";
import type { Excludes } from "./excludes.js";

/** One member of an archive; `name` is relative, with `/` on every system. */
export type Member =
  | { readonly kind: "directory"; readonly name: string }
  | { readonly kind: "file"; readonly name: string; readonly executable: boolean; readonly bytes: number }
  | { readonly kind: "link"; readonly name: string; readonly to: string };

/** Everything below a directory, in an order that depends on the names alone. */
export async function* walk(root: string, excludes: Excludes, name = ""): AsyncGenerator<Member> {
  const names = await readdir(path.join(root, name)).catch((cause: unknown) => {
    throw refused("archive-unreadable", `${name === "" ? root : name} cannot be read.`, name, { cause });
  });
  // By bytes: localeCompare and the file system's own order differ between machines.
  const sorted = names.map((each) => Buffer.from(each)).sort(Buffer.compare);
  for (const each of sorted) {
    const child = name === "" ? each.toString() : `${name}/${each.toString()}`;
    if (excludes(child)) continue;
    if (child.includes("\ufffd") || child.includes("\\")) {
      throw refused("archive-name", `${child} has a name that not every system can store.`, child);
    }
    yield* member(root, excludes, child);
  }
}

async function* member(root: string, excludes: Excludes, name: string): AsyncGenerator<Member> {
  const full = path.join(root, name);
  const stat = await lstat(full);
  if (stat.isDirectory()) {
    yield { kind: "directory", name };
    yield* walk(root, excludes, name);
  } else if (stat.isFile()) {
    yield { kind: "file", name, executable: (stat.mode & 0o100) !== 0, bytes: stat.size };
  } else if (stat.isSymbolicLink()) {
    const to = await readlink(full);
    if (!staysInside(name, to)) {
      throw refused("archive-link-outside", `${name} links to ${to}, which is not in the archive.`, name);
    }
    yield { kind: "link", name, to };
  } else {
    const what = stat.isSocket() ? "a socket" : stat.isFIFO() ? "a pipe" : "a device";
    throw refused("archive-not-a-file", `${name} is ${what}.`, name);
  }
}

/** Whether a relative link at `name` leads to something below the archive's root. */
export function staysInside(name: string, to: string): boolean {
  if (to === "" || path.posix.isAbsolute(to)) return false;
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(name), to));
  return target !== ".." && !target.startsWith("../");
}

function refused(code: string, message: string, name: string, details: { cause?: unknown } = {}): WindlassError {
  return new WindlassError(code, message, {
    ...details,
    facts: { path: name },
    hint: `Remove it, or exclude it: exclude: ["${name}"].`,
  });
}

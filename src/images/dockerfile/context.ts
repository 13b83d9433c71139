import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Pack } from "tar-stream";
import { exactly } from "../../archive/pack.js";
import { type Member, walk } from "../../archive/walk.js";
import { WindlassError } from "../../error.js";
import { tarOf } from "../tar.js";
import { ignores } from "./ignore.js";

export interface Context {
  /** A tar of the files, without times and owners: the Engine's cache knows them again on every machine. */
  readonly tar: Readable;
  /** Path of the Dockerfile in it. */
  readonly file: string;
  /** The Dockerfile's text. */
  readonly text: string;
}

/** A Dockerfile from outside of its context has this name there. */
const GUEST = ".windlass.Dockerfile";
const IGNORE = ".dockerignore";
/** Windlass's own state is never part of an image. */
const OURS = ".windlass";

/**
 * What a Dockerfile is built from: the files of a directory that its .dockerignore lets through. `image-dockerfile` when
 * the Dockerfile cannot be read; errors of {@link walk} for what cannot be packed.
 */
export async function contextOf(directory: string, dockerfile: string): Promise<Context> {
  const text = await readFile(dockerfile, "utf8").catch((cause: unknown) => {
    throw new WindlassError("image-dockerfile", `${dockerfile} cannot be read.`, { cause });
  });
  const relative = path.relative(directory, dockerfile).split(path.sep).join("/");
  const isInside = relative !== "" && !relative.startsWith("../") && !path.isAbsolute(relative);
  const file = isInside ? relative : GUEST;
  const rules = await rulesOf(directory);
  const ignored = ignores(rules ?? "");
  const tar = tarOf(async (into) => {
    // The Engine reads these two, and then removes what the rules say: so a guest is in no image.
    into.entry({ ...PLAIN, name: file, mode: 0o644 }, text);
    const sent = isInside ? rules : [rules ?? "", IGNORE, GUEST, ""].join("\n");
    if (sent !== null) into.entry({ ...PLAIN, name: IGNORE, mode: 0o644 }, sent);
    const known = new Set([file, IGNORE]);
    for await (const member of walk(directory, (name) => name === OURS || ignored(name)))
      if (!known.has(member.name)) await add(into, directory, member);
  });
  return { tar, file, text };
}

async function rulesOf(directory: string): Promise<string | null> {
  try {
    return await readFile(path.join(directory, IGNORE), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new WindlassError("image-dockerfile", `${path.join(directory, IGNORE)} cannot be read.`, { cause });
  }
}

async function add(tar: Pack, directory: string, member: Member): Promise<void> {
  if (member.kind === "directory")
    return void tar.entry({ ...PLAIN, name: `${member.name}/`, type: "directory", mode: 0o755 });
  if (member.kind === "link")
    return void tar.entry({ ...PLAIN, name: member.name, type: "symlink", linkname: member.to, mode: 0o777 });
  const entry = tar.entry({ ...PLAIN, name: member.name, mode: member.executable ? 0o755 : 0o644, size: member.bytes });
  await pipeline(createReadStream(path.join(directory, member.name)), exactly(member), entry);
}

const PLAIN = { mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" };

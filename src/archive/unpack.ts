import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat, symlink } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Extract, extract } from "tar-stream";
import { WindlassError } from "../error.js";
import { staysInside } from "./walk.js";

type Entry = Extract extends AsyncIterable<infer Each> ? Each : never;

/**
 * Unpacks an archive into `directory`, which appears complete or not at all; one that is there already is kept.
 * No byte is interpreted before the whole archive has the digest that was asked for. Rejects with `artefact-corrupt`
 * for other bytes, for what is not a whole archive, and for names or links that lead out of it.
 */
export async function unpack(digest: string, bytes: Readable, directory: string): Promise<void> {
  if (await stat(directory).then(() => true, absent)) {
    bytes.destroy();
    return;
  }
  await mkdir(path.dirname(directory), { recursive: true, mode: 0o700 });
  const temporary = `${directory}.${randomUUID()}`;
  const archive = `${temporary}.tar`;
  try {
    await spool(digest, bytes, archive);
    await mkdir(temporary, { mode: 0o755 });
    await extractInto(digest, archive, temporary);
    await rename(temporary, directory).catch((error: NodeJS.ErrnoException) => {
      // Somebody else unpacked the same artefact meanwhile.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(archive, { force: true });
    await rm(temporary, { recursive: true, force: true });
  }
}

function absent(error: NodeJS.ErrnoException): false {
  if (error.code === "ENOENT") return false;
  throw error;
}

async function spool(digest: string, bytes: Readable, archive: string): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(
    bytes,
    async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(archive, { flags: "wx", mode: 0o600 }),
  );
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual !== digest) throw corrupt(digest, `its bytes have the digest ${actual}`);
}

async function extractInto(digest: string, archive: string, directory: string): Promise<void> {
  const tar = extract();
  const read = async () => {
    // A member's parent must be a directory that this archive made: nothing is written through a link.
    const directories = new Set(["."]);
    for await (const entry of tar) await member(digest, entry, directory, directories);
  };
  const [reading, piping] = await Promise.allSettled([read(), pipeline(createReadStream(archive), tar)]);
  const failure = reading.status === "rejected" ? reading : piping;
  if (failure.status === "fulfilled") return;
  throw isExplained(failure.reason) ? failure.reason : corrupt(digest, "it is not a whole archive", failure.reason);
}

/** An error of ours or of the file system (which has a code) is not the archive's fault. */
function isExplained(error: unknown): boolean {
  if (error instanceof WindlassError) return true;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined && code !== "EEXIST";
}

async function member(digest: string, entry: Entry, directory: string, directories: Set<string>): Promise<void> {
  const { type, linkname, mode } = entry.header;
  const name = entry.header.name.replace(/\/$/, "");
  const isPlain = name !== "" && !name.split("/").some((part) => part === "" || part === "." || part === "..");
  if (!isPlain || name.includes("\0") || !directories.has(path.posix.dirname(name))) {
    throw corrupt(digest, `it holds ${JSON.stringify(entry.header.name)}, which leads out of it`);
  }
  const full = path.join(directory, name);
  if (type === "directory") {
    await mkdir(full, { mode: 0o755 });
    directories.add(name);
    entry.resume();
  } else if (type === "file") {
    await pipeline(entry, createWriteStream(full, { flags: "wx", mode: ((mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755 }));
  } else if (type === "symlink" && typeof linkname === "string" && staysInside(name, linkname)) {
    await symlink(linkname, full);
    entry.resume();
  } else {
    throw corrupt(digest, `it holds ${JSON.stringify(name)}, which is a ${type} that leads out of it or is not a file`);
  }
}

function corrupt(digest: string, why: string, cause?: unknown): WindlassError {
  return new WindlassError("artefact-corrupt", `The artefact ${digest} is damaged: ${why}.`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Deploy the release again: its artefact is then packed and uploaded anew.",
    facts: { digest },
  });
}

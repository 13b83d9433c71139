import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Pack, pack as tarPack } from "tar-stream";
import { WindlassError } from "../error.js";
import { excludes } from "./excludes.js";
import { type Member, walk } from "./walk.js";

export interface PackOptions {
  /** Patterns as in .gitignore; `.git` and `.windlass` are always excluded, `node_modules` is not. */
  readonly exclude?: readonly string[];
  /** Refused above this, in bytes; 2 GiB by default. */
  readonly maxBytes?: number;
}

export interface Packed {
  /** `sha256:<hex>` over the archive's bytes. */
  readonly digest: string;
  readonly bytes: number;
  readonly files: number;
}

const MAX_BYTES = 2 * 1024 ** 3;

/**
 * Writes the deterministic archive of a directory to `file`: the same names, contents, links and executable bits give
 * the same SHA-256 on every machine (docs/decisions/0003-artefact-archive.md). `file` appears only once it is complete.
 * Rejects with `archive-unreadable`, `archive-not-a-file`, `archive-link-outside`, `archive-name`, `archive-changed`,
 * `archive-too-large`.
 */
export async function packDirectory(directory: string, file: string, options: PackOptions = {}): Promise<Packed> {
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    const packed = await packInto(directory, createWriteStream(partial, { flags: "wx", mode: 0o600 }), options);
    const handle = await open(partial, "r");
    await handle.sync().finally(() => handle.close());
    await rename(partial, file);
    return packed;
  } finally {
    await rm(partial, { force: true });
  }
}

/** What {@link packDirectory} would write, without writing it: also tells whether an unpacked directory is intact. */
export function digestOfDirectory(directory: string, options: PackOptions = {}): Promise<Packed> {
  return packInto(directory, new Writable({ write: (_chunk, _encoding, done) => done() }), options);
}

async function packInto(directory: string, sink: Writable, options: PackOptions): Promise<Packed> {
  const tar = tarPack();
  const limit = options.maxBytes ?? MAX_BYTES;
  const hash = createHash("sha256");
  let bytes = 0;
  let files = 0;
  const fill = async () => {
    try {
      for await (const member of walk(directory, excludes(options.exclude ?? []))) {
        if (member.kind === "file") files += 1;
        await add(tar, directory, member);
      }
      tar.finalize();
    } catch (error) {
      tar.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  };
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limit) return done(tooLarge(directory, limit));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const [filled, piped] = await Promise.allSettled([fill(), pipeline(tar, count, sink)]);
  // Each failure ends the other side, too; the one with a name explains both.
  const failures = [filled, piped].flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
  if (failures.length > 0) throw failures.find((failure) => failure instanceof WindlassError) ?? failures.at(-1);
  return { digest: `sha256:${hash.digest("hex")}`, bytes, files };
}

async function add(tar: Pack, directory: string, member: Member): Promise<void> {
  const common = { mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" };
  if (member.kind === "directory") {
    tar.entry({ ...common, name: `${member.name}/`, type: "directory", mode: 0o755 });
  } else if (member.kind === "link") {
    tar.entry({ ...common, name: member.name, type: "symlink", linkname: member.to, mode: 0o777 });
  } else {
    const mode = member.executable ? 0o755 : 0o644;
    const entry = tar.entry({ ...common, name: member.name, type: "file", mode, size: member.bytes });
    await pipeline(createReadStream(path.join(directory, member.name)), exactly(member), entry);
  }
}

/** A file that grows or shrinks while it is packed would break the archive. */
export function exactly(member: Member & { kind: "file" }) {
  return async function* (source: AsyncIterable<Buffer>) {
    let seen = 0;
    for await (const chunk of source) {
      seen += chunk.length;
      if (seen > member.bytes) break;
      yield chunk;
    }
    if (seen !== member.bytes) {
      throw new WindlassError("archive-changed", `${member.name} changed while it was packed.`, { retry: "safe" });
    }
  };
}

function tooLarge(directory: string, limit: number): WindlassError {
  return new WindlassError("archive-too-large", `${directory} has more than ${limit} bytes.`, {
    hint: "Exclude what the service does not need to run.",
  });
}

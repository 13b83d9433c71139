import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { type Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { WindlassError } from "../error.js";
import type { ArtefactStore, StoredArtefact } from "../ports/artefact-store.js";
import { archiveFile } from "../ports/places.js";

export interface ArtefactOptions {
  readonly directory: string;
  /** All artefacts together, in bytes; 50 GiB by default. */
  readonly maxBytes?: number;
  /** One artefact, in bytes; 2 GiB by default. */
  readonly maxArtefactBytes?: number;
}

const GIB = 1024 ** 3;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Artefacts as files named by their digest, 0600 in a 0700 directory; a file is whole from the moment it has its name. */
export async function openArtefacts(options: ArtefactOptions): Promise<ArtefactStore> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const store = new DirectoryArtefacts(options);
  await store.removeAbandoned();
  return store;
}

class DirectoryArtefacts implements ArtefactStore {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #maxArtefactBytes: number;

  constructor(options: ArtefactOptions) {
    this.#directory = options.directory;
    this.#maxBytes = options.maxBytes ?? 50 * GIB;
    this.#maxArtefactBytes = options.maxArtefactBytes ?? 2 * GIB;
  }

  async put(digest: string, bytes: Readable): Promise<void> {
    const file = this.#file(digest);
    const present = await this.has(digest);
    const stored = (await this.list()).reduce((sum, artefact) => sum + artefact.bytes, 0);
    const room = present ? this.#maxArtefactBytes : Math.min(this.#maxArtefactBytes, this.#maxBytes - stored);
    const partial = `${file}.${randomUUID()}.partial`;
    const sink = present ? nowhere() : createWriteStream(partial, { flags: "wx", mode: 0o600, flush: true });
    const hash = createHash("sha256");
    let seen = 0;
    const check = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        seen += chunk.length;
        if (seen > room) return done(tooLarge(digest, room));
        hash.update(chunk);
        done(null, chunk);
      },
    });
    try {
      await pipeline(bytes, check, sink).catch((error: unknown) => {
        throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? diskFull(error) : error;
      });
      const actual = `sha256:${hash.digest("hex")}`;
      if (actual !== digest) throw mismatch(digest, actual);
      if (present) return;
      await rename(partial, file);
      const directory = await open(this.#directory, "r");
      await directory.sync().finally(() => directory.close());
    } finally {
      await rm(partial, { force: true });
    }
  }

  async has(digest: string): Promise<boolean> {
    return (await this.#stat(digest)) !== null;
  }

  async open(digest: string): Promise<Readable> {
    const handle = await open(this.#file(digest), "r").catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ENOENT") throw cause;
      throw new WindlassError("artefact-missing", `The artefact ${digest} is not stored.`, {
        hint: "Deploy the release again: its artefact is then packed and uploaded anew.",
        facts: { digest },
      });
    });
    return handle.createReadStream();
  }

  async list(): Promise<readonly StoredArtefact[]> {
    const artefacts: StoredArtefact[] = [];
    for (const name of (await readdir(this.#directory)).sort()) {
      const hex = /^([0-9a-f]{64})\.tar$/.exec(name)?.[1];
      const found = hex === undefined ? null : await this.#stat(`sha256:${hex}`);
      if (found !== null) artefacts.push(found);
    }
    return artefacts;
  }

  async remove(digest: string): Promise<void> {
    await rm(this.#file(digest), { force: true });
  }

  /** What a killed process left half written. Old only: another process may be writing. */
  async removeAbandoned(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      const file = path.join(this.#directory, name);
      if (name.endsWith(".partial") && Date.now() - (await stat(file)).mtimeMs > DAY_MS)
        await rm(file, { force: true });
    }
  }

  async #stat(digest: string): Promise<StoredArtefact | null> {
    try {
      const { size, mtimeMs } = await stat(this.#file(digest));
      return { digest, bytes: size, storedAt: mtimeMs };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  #file(digest: string): string {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hex === undefined) {
      throw new WindlassError("artefact-digest", `${JSON.stringify(digest)} is not a digest: sha256:<64 hex digits>.`);
    }
    return archiveFile(this.#directory, hex);
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

function mismatch(claimed: string, actual: string): WindlassError {
  return new WindlassError("artefact-mismatch", `The bytes have the digest ${actual}, not ${claimed}.`, {
    retry: "safe",
    hint: "The upload was damaged on its way, or the files changed while they were packed: deploy again.",
    facts: { claimed, actual },
  });
}

function tooLarge(digest: string, room: number): WindlassError {
  return new WindlassError(
    "artefact-too-large",
    `The artefact ${digest} has more than the ${room} bytes left for it.`,
    {
      hint: "Exclude what the service does not need to run, or remove old releases.",
    },
  );
}

function diskFull(cause: unknown): WindlassError {
  return new WindlassError("artefact-disk-full", "The disk is full: the artefact was not stored.", {
    cause,
    retry: "safe",
    hint: "Free some space and deploy again.",
  });
}

import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { WindlassError } from "../../../error.js";
import { archiveFile } from "../../../ports/places.js";

/** Unpacks an archive into a directory that appears complete or not at all; rejects when its digest is another one. */
export type Unpack = (digest: string, bytes: Readable, directory: string) => Promise<unknown>;

const KEPT_MS = 3_600_000;

/** Artefacts as directories, one per digest, shared by all replicas that run it. */
export class Unpacked {
  private readonly running = new Map<string, Promise<string>>();

  constructor(
    private readonly archives: string,
    private readonly directory: string,
    private readonly unpack: Unpack,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** The directory of an artefact. Rejects with `host-artefact-missing` or what unpacking says of a damaged one. */
  of(digest: string): Promise<string> {
    const present = this.running.get(digest);
    if (present !== undefined) return present;
    const started = this.make(digest).finally(() => this.running.delete(digest));
    this.running.set(digest, started);
    return started;
  }

  /** Removes what is not wanted and was not just made: it is unpacked again when it is wanted again. */
  prune(wanted: ReadonlySet<string>): void {
    for (const name of readdirSync(this.directory)) {
      const place = path.join(this.directory, name);
      const old = Date.now() - statSync(place).mtimeMs > KEPT_MS;
      if (old && !wanted.has(`sha256:${name}`) && this.running.size === 0)
        rmSync(place, { recursive: true, force: true });
    }
  }

  private async make(digest: string): Promise<string> {
    const hex = digest.replace(/^sha256:/, "");
    const final = path.join(this.directory, hex);
    if (existsSync(final)) return final;
    const archive = archiveFile(this.archives, hex);
    if (!existsSync(archive))
      throw new WindlassError("host-artefact-missing", `the artefact ${digest} is not on this machine`, {
        hint: "Deploy the release again, so that its artefact is uploaded.",
      });
    await this.unpack(digest, createReadStream(archive), final);
    return final;
  }
}

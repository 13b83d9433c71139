import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Transform } from "node:stream";
import type { ControlPlane } from "../../engine/control-plane.js";
import type { CompiledEnvironment, CompiledService } from "../../spec/compiled.js";

/** The archive of one service's source. Services with the same files share one. */
export interface PackedSource {
  readonly services: readonly string[];
  readonly digest: string;
  readonly bytes: number;
  readonly files: number;
  readonly file: string;
}

export interface PackedSources {
  readonly sources: readonly PackedSource[];
  /** Digest by service; one whose files go into an image has none. */
  readonly artefacts: Readonly<Record<string, string>>;
  /** Removes the archives. */
  remove(): Promise<void>;
}

/** Packs what the services of an environment are made of; `directory` is the spec's. */
export async function packSources(directory: string, environment: CompiledEnvironment): Promise<PackedSources> {
  const { packDirectory } = await import("../../archive/pack.js");
  const groups = new Map<string, { source: NonNullable<CompiledService["source"]>; services: string[] }>();
  for (const service of Object.values(environment.services)) {
    // What a Dockerfile takes, it takes from the directory itself.
    if (service.source === null || service.build?.kind === "dockerfile") continue;
    const same = JSON.stringify(service.source);
    const group = groups.get(same);
    if (group === undefined) groups.set(same, { source: service.source, services: [service.name] });
    else group.services.push(service.name);
  }
  const temporary = await mkdtemp(path.join(os.tmpdir(), "windlass-pack-"));
  const remove = () => rm(temporary, { recursive: true, force: true });
  const sources: PackedSource[] = [];
  const artefacts: Record<string, string> = {};
  try {
    for (const [index, { source, services }] of [...groups.values()].entries()) {
      const file = path.join(temporary, `${index}.tar`);
      const packed = await packDirectory(path.resolve(directory, source.directory), file, { exclude: source.exclude });
      sources.push({ ...packed, services, file });
      for (const service of services)
        if (environment.services[service]?.build === undefined) artefacts[service] = packed.digest;
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { sources, artefacts, remove };
}

export interface Uploading {
  missing(sources: readonly PackedSource[]): void;
  sent(bytes: number, of: number): void;
}

/** Uploads what the control plane does not have yet. */
export async function upload(plane: ControlPlane, packed: PackedSources, progress: Uploading): Promise<void> {
  const wanted = new Set(Object.values(packed.artefacts));
  const sources = packed.sources.filter(({ digest }) => wanted.has(digest));
  const distinct = [...new Map(sources.map((source) => [source.digest, source])).values()];
  const known = await Promise.all(distinct.map((source) => plane.hasArtefact(source.digest)));
  const missing = distinct.filter((_, index) => known[index] === false);
  if (missing.length === 0) return;
  progress.missing(missing);
  const total = missing.reduce((sum, source) => sum + source.bytes, 0);
  let sent = 0;
  for (const source of missing) {
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        sent += chunk.length;
        progress.sent(sent, total);
        done(null, chunk);
      },
    });
    const file = createReadStream(source.file);
    file.on("error", (error) => count.destroy(error));
    await plane.putArtefact(source.digest, file.pipe(count));
  }
}

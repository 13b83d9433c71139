import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { buildImage } from "../../../../src/docker/build.js";
import type { DockerEngine } from "../../../../src/docker/engine.js";
import { baseLayout, loadInto } from "./base-image.js";

const BASE = "rig-base:1";

export interface ServiceImage {
  /** Directories whose files go to /app, under these names; the empty name is /app itself. */
  readonly files: Readonly<Record<string, string>>;
  readonly user?: string;
  /** Further lines of the Dockerfile. */
  readonly lines?: readonly string[];
}

/** The rig's base image with files of this machine in /app; resolves with the image's id. */
export async function serviceImage(engine: DockerEngine, { files, user, lines = [] }: ServiceImage): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "wl-base-"));
  try {
    await loadInto(engine, await baseLayout(directory), BASE);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const tar = pack();
  const dockerfile = [
    `FROM ${BASE}`,
    "WORKDIR /app",
    "COPY app /app",
    ...(user === undefined ? [] : [`USER ${user}`]),
    ...lines,
  ];
  tar.entry({ name: "Dockerfile" }, dockerfile.join("\n"));
  for (const [name, from] of Object.entries(files))
    for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      tar.entry({ name: path.posix.join("app", name, path.relative(from, file)) }, await readFile(file));
    }
  tar.finalize();
  return buildImage(engine, {
    context: Readable.from(tar),
    file: "Dockerfile",
    stage: null,
    labels: {},
    auths: {},
    report: () => {},
  });
}

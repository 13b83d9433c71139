import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, realpathSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import type { DockerEngine } from "../../../../src/docker/engine.js";
import { loadImage } from "../../../../src/docker/images.js";
import { imageOf } from "../../../../src/images/assemble.js";
import { OCI, thisPlatform } from "../../../../src/images/descriptor.js";
import { dockerArchive } from "../../../../src/images/docker-archive.js";
import { hashedFile } from "../../../../src/images/hashed-file.js";
import type { Image } from "../../../../src/images/image.js";
import { fileBlob, readLayout, writeLayout } from "../../../../src/images/layout.js";

/** What a service's container needs, from this machine: nothing can be pulled in the tests. */
const PROGRAMS: readonly (readonly [from: string, to: string])[] = [
  [process.execPath, "usr/local/bin/node"],
  ["/usr/bin/tini-static", "usr/bin/tini"],
  ["/usr/bin/tini", "usr/bin/tini"],
  // Where Docker's own image has it; it is the same program.
  ["/usr/bin/tini-static", "usr/local/bin/docker-init"],
  ["/bin/sh", "bin/sh"],
  ["/bin/sleep", "bin/sleep"],
  ["/bin/cat", "bin/cat"],
];

const FILES: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnode:x:1000:1000:node:/home/node:/bin/sh\n",
  "etc/group": "root:x:0:\nnode:x:1000:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
};

/**
 * Node.js with the libraries that it is linked to, an init (`/usr/bin/tini`), sh, sleep and cat, as an OCI layout of one
 * layer in `directory`; one that is there is taken as it is. Its user is root, as that of most bases.
 */
export async function baseLayout(directory: string): Promise<Image> {
  if (existsSync(path.join(directory, "index.json"))) return readLayout(directory);
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, "layer.tar");
  const tar = pack();
  const written = hashedFile(tar as AsyncIterable<Buffer>, file);
  const names = new Set<string>();
  const parents = (name: string) => {
    const parts = name.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) folder(parts.slice(0, depth).join("/"), 0o755);
  };
  const folder = (name: string, mode: number) => {
    if (names.has(name)) return;
    names.add(name);
    tar.entry({ ...OWNED, name: `${name}/`, type: "directory", mode });
  };
  folder("tmp", 0o1777);
  folder("home", 0o755);
  for (const [name, text] of Object.entries(FILES)) {
    parents(name);
    tar.entry({ ...OWNED, name, mode: 0o644 }, text);
  }
  for (const [from, to] of [...PROGRAMS, ...libraries()]) {
    if (names.has(to) || !existsSync(from)) continue;
    names.add(to);
    parents(to);
    const real = realpathSync(from);
    const entry = tar.entry({ ...OWNED, name: to, mode: 0o755, size: statSync(real).size });
    await pipeline(createReadStream(real), entry);
  }
  tar.finalize();
  const { digest, size } = await written;
  const image = imageOf(
    {
      ...thisPlatform(),
      created: "1970-01-01T00:00:00Z",
      config: { Env: ["PATH=/usr/local/bin:/usr/bin:/bin"], Entrypoint: ["/usr/bin/tini", "--"], Cmd: ["node"] },
      rootfs: { type: "layers", diff_ids: [digest] },
    },
    [fileBlob(file, { mediaType: OCI.layer, digest, size })],
  );
  await writeLayout(directory, image, "base");
  return readLayout(directory);
}

/** What the systems' Dockerfiles begin with, by the names that anybody else would pull. */
const PUBLIC_NAMES = ["node:20-bookworm-slim", "docker:28-dind"];

/** Lets the base stand for the public images, so that Dockerfiles are built as they are. */
export async function loadAsPublic(engine: DockerEngine, base: Image): Promise<void> {
  await loadImage(engine, dockerArchive(base, PUBLIC_NAMES));
}

/** Puts an image into an Engine as `tag`. */
export async function loadInto(engine: DockerEngine, image: Image, tag: string): Promise<void> {
  await loadImage(engine, dockerArchive(image, [tag]));
}

const OWNED = { mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" };

/** The shared libraries of the programs, at the paths where their loader looks. */
function libraries(): readonly (readonly [string, string])[] {
  const found = new Map<string, string>();
  for (const [program] of PROGRAMS) {
    if (!existsSync(program) || program.includes("static")) continue;
    const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
    for (const line of lines) {
      const library = /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1];
      if (library !== undefined) found.set(library, library.slice(1));
    }
  }
  return [...found];
}

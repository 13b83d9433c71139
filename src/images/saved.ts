import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { WindlassError } from "../error.js";
import { imageOf } from "./assemble.js";
import { type ImageConfig, OCI } from "./descriptor.js";
import { hashedFile } from "./hashed-file.js";
import { type Image, MAX_JSON_BYTES, parseJson } from "./image.js";
import { fileBlob } from "./layout.js";

interface Member {
  readonly file: string;
  readonly digest: string;
  readonly size: number;
}

/** An image has some hundred layers at most, and an archive some files for each. */
const MOST_MEMBERS = 10_000;

/**
 * The one image of an archive as an Engine saves it (`docker save`, also since it is an OCI layout with the old
 * `manifest.json` beside). Its parts are kept in `directory`, under names of our own. `image-corrupt`.
 */
export async function readSaved(archive: Readable, directory: string): Promise<Image> {
  const find = await membersOf(archive, directory);
  const bytesOf = async (name: string): Promise<Buffer> => {
    const { file, size } = find(name);
    if (size > MAX_JSON_BYTES) throw corrupt(`${name} is longer than ${MAX_JSON_BYTES} bytes`);
    return readFile(file);
  };
  const [saved] = parseJson<{ Config?: unknown; Layers?: unknown }[]>(await bytesOf("manifest.json"), "manifest.json");
  const { Config: config, Layers: layers } = saved ?? {};
  if (typeof config !== "string" || !isNames(layers)) throw corrupt("manifest.json describes no image");
  const configBytes = await bytesOf(config);
  const content = parseJson<ImageConfig>(configBytes, config).rootfs?.diff_ids;
  if (!Array.isArray(content) || content.length !== layers.length)
    throw corrupt("the configuration and the archive differ in their layers");
  return imageOf(
    configBytes,
    layers.map((name, index) => {
      const { file, digest, size } = find(name);
      // What is not the content itself is the content compressed.
      return fileBlob(file, { mediaType: digest === content[index] ? OCI.layer : `${OCI.layer}+gzip`, digest, size });
    }),
  );
}

async function membersOf(archive: Readable, directory: string): Promise<(name: string) => Member> {
  const members = new Map<string, Member>();
  /** A layer that two images share is there once, and linked to. */
  const links = new Map<string, string>();
  const read = extract();
  const take = async (): Promise<void> => {
    for await (const entry of read) {
      const { name, type, linkname } = entry.header;
      if (members.size + links.size >= MOST_MEMBERS) throw corrupt(`the archive has more than ${MOST_MEMBERS} members`);
      if (type === "file") {
        const file = path.join(directory, `member-${members.size}`);
        members.set(name, { file, ...(await hashedFile(entry as AsyncIterable<Buffer>, file)) });
        continue;
      }
      if (type === "symlink" && linkname) links.set(name, path.posix.join(path.posix.dirname(name), linkname));
      entry.resume();
    }
  };
  await Promise.all([pipeline(archive, read), take()]);
  return (name) => {
    const found = members.get(links.get(name) ?? name);
    if (found === undefined) throw corrupt(`${name} is not in the archive`);
    return found;
  };
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function corrupt(why: string): WindlassError {
  return new WindlassError("image-corrupt", `What the Engine saved is not an image: ${why}.`);
}

import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { WindlassError } from "../error.js";
import { type Descriptor, type Index, type Manifest, OCI, type Platform, thisPlatform } from "./descriptor.js";
import { checkDigest, verifiedBytes, verifying } from "./digest.js";
import { type Blob, checkManifest, type Image, MAX_JSON_BYTES, parseJson } from "./image.js";
import { choose, isIndex } from "./platform.js";

/** Whether a directory is an OCI layout. */
export async function isLayout(directory: string): Promise<boolean> {
  return stat(path.join(directory, "index.json")).then(
    (file) => file.isFile(),
    () => false,
  );
}

/**
 * The image in an OCI layout directory: the only one, or the one for this platform. Layers are read when they are
 * opened. `image-layout` when it is none, `image-platform`, `image-corrupt`.
 */
export async function readLayout(directory: string, platform: Platform = thisPlatform()): Promise<Image> {
  const index = await readFile(path.join(directory, "index.json")).catch((cause: unknown) => {
    throw new WindlassError("image-layout", `${directory} is not an OCI layout: it has no index.json.`, { cause });
  });
  let descriptor = choose(parseJson<Index>(index, "index.json"), platform, directory);
  let bytes = await blobBytes(directory, descriptor);
  let value = parseJson<Manifest | Index>(bytes, descriptor.digest);
  if (isIndex(descriptor.mediaType, value)) {
    descriptor = choose(value, platform, directory);
    bytes = await blobBytes(directory, descriptor);
    value = parseJson<Manifest>(bytes, descriptor.digest);
  }
  const manifest = checkManifest(value as Manifest, descriptor.digest);
  return {
    manifest: bytes,
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    config: await blobBytes(directory, manifest.config),
    configDescriptor: manifest.config,
    layers: manifest.layers.map((layer) => fileBlob(blobFile(directory, layer.digest), layer)),
  };
}

/** Writes an image as an OCI layout; `name` is what people call it. Blobs that are there already are not written again. */
export async function writeLayout(directory: string, image: Image, name: string): Promise<void> {
  await mkdir(path.join(directory, "blobs", "sha256"), { recursive: true });
  for (const { descriptor, open } of image.layers) {
    const file = blobFile(directory, descriptor.digest);
    if (await hasSize(file, descriptor.size)) continue;
    try {
      await pipeline(await open(), createWriteStream(`${file}.partial`));
      await rename(`${file}.partial`, file);
    } finally {
      await rm(`${file}.partial`, { force: true });
    }
  }
  await writeFile(blobFile(directory, image.configDescriptor.digest), image.config);
  await writeFile(blobFile(directory, image.digest), image.manifest);
  const descriptor: Descriptor = {
    mediaType: image.mediaType,
    digest: image.digest,
    size: image.manifest.length,
    annotations: { "org.opencontainers.image.ref.name": name },
  };
  const index: Index = { schemaVersion: 2, mediaType: OCI.index, manifests: [descriptor] };
  await writeFile(path.join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(path.join(directory, "index.json"), JSON.stringify(index));
}

/** A file of this machine as a blob. */
export function fileBlob(file: string, descriptor: Descriptor): Blob {
  return { descriptor, open: async () => verifying(createReadStream(file), descriptor) };
}

function blobFile(directory: string, digest: string): string {
  return path.join(directory, "blobs", "sha256", checkDigest(digest, directory).slice("sha256:".length));
}

async function blobBytes(directory: string, descriptor: Descriptor): Promise<Buffer> {
  return verifiedBytes(createReadStream(blobFile(directory, descriptor.digest)), descriptor, MAX_JSON_BYTES);
}

async function hasSize(file: string, size: number): Promise<boolean> {
  return stat(file).then(
    (found) => found.size === size,
    () => false,
  );
}

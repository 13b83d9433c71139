import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { checkDigest } from "./digest.js";
import type { Image } from "./image.js";
import { tarOf } from "./tar.js";

/**
 * The image as `docker load` reads it (also Engines that know no OCI layouts); `tags` are what the Engine calls it.
 * Its id in the Engine is the digest of its configuration.
 */
export function dockerArchive(image: Image, tags: readonly string[]): Readable {
  return tarOf(async (tar) => {
    const config = `${nameOf(image.configDescriptor.digest)}.json`;
    tar.entry({ ...ENTRY, name: config }, image.config);
    const layers: string[] = [];
    for (const { descriptor, open } of image.layers) {
      const name = `${nameOf(descriptor.digest)}.tar`;
      // An image may have one layer twice, and an archive one member of a name.
      if (!layers.includes(name)) await pipeline(await open(), tar.entry({ ...ENTRY, name, size: descriptor.size }));
      layers.push(name);
    }
    const manifest = [{ Config: config, RepoTags: tags, Layers: layers }];
    tar.entry({ ...ENTRY, name: "manifest.json" }, JSON.stringify(manifest));
  });
}

const ENTRY = { mtime: new Date(0), mode: 0o644 };

function nameOf(digest: string): string {
  return checkDigest(digest, "the image").slice("sha256:".length);
}

import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { checkDigest } from "./digest.js";
import type { Image } from "./image.js";

/**
 * The image as `docker load` reads it (also Engines that know no OCI layouts); `tags` are what the Engine calls it.
 * Its id in the Engine is the digest of its configuration.
 */
export function dockerArchive(image: Image, tags: readonly string[]): Readable {
  const tar = pack();
  const fill = async () => {
    const config = nameOf(image.configDescriptor.digest);
    tar.entry({ ...ENTRY, name: `${config}.json` }, image.config);
    const layers: string[] = [];
    for (const { descriptor, open } of image.layers) {
      const name = `${nameOf(descriptor.digest)}.tar`;
      // An image may have one layer twice, and an archive one member of a name.
      if (!layers.includes(name)) await pipeline(await open(), tar.entry({ ...ENTRY, name, size: descriptor.size }));
      layers.push(name);
    }
    tar.entry(
      { ...ENTRY, name: "manifest.json" },
      JSON.stringify([{ Config: `${config}.json`, RepoTags: tags, Layers: layers }]),
    );
    tar.finalize();
  };
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  return tar as unknown as Readable;
}

const ENTRY = { mtime: new Date(0), mode: 0o644 };

function nameOf(digest: string): string {
  return checkDigest(digest, "the image").slice("sha256:".length);
}

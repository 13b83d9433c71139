import { Readable } from "node:stream";
import type { Blob, Image } from "../image.js";
import type { Registry } from "./registry.js";

export interface PushReport {
  /** Bytes of this image that are there, of all of them. */
  readonly sent: number;
  readonly of: number;
}

/** What stood there already, and what had to be sent; bytes. */
export interface Pushed {
  readonly uploaded: number;
  readonly mounted: number;
  readonly present: number;
}

/**
 * Puts an image into a repository, by its digest and under `tag`, which is a convenience: nothing refers to it. Only what
 * is not there is sent; what another repository of the registry has is mounted.
 */
export async function pushImage(
  registry: Registry,
  repository: string,
  image: Image,
  tag: string,
  report: (progress: PushReport) => void = () => {},
): Promise<Pushed> {
  const config: Blob = { descriptor: image.configDescriptor, open: async () => Readable.from([image.config]) };
  const blobs = [...new Map([...image.layers, config].map((blob) => [blob.descriptor.digest, blob])).values()];
  const of = blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const total = { uploaded: 0, mounted: 0, present: 0 };
  let sent = 0;
  const count = (bytes: number) => {
    sent += bytes;
    report({ sent, of });
  };
  for (const blob of blobs) {
    const { digest, size } = blob.descriptor;
    const how = (await registry.hasBlob(repository, digest))
      ? "present"
      : await registry.putBlob(repository, blob, count);
    total[how] += size;
    if (how !== "uploaded") count(size);
  }
  await registry.putManifest(repository, image.digest, image.mediaType, image.manifest);
  await registry.putManifest(repository, tag, image.mediaType, image.manifest);
  return total;
}

import type { Readable } from "node:stream";
import { WindlassError } from "../error.js";
import type { Descriptor, ImageConfig, Manifest } from "./descriptor.js";

/** Content by its digest that can be opened again and again; what is read is verified. */
export interface Blob {
  readonly descriptor: Descriptor;
  open(): Promise<Readable>;
  /** Where a registry has it: another repository of the same registry mounts it without its bytes. */
  readonly origin?: { readonly registry: string; readonly repository: string };
}

/** An image of one platform. */
export interface Image {
  /** The manifest's own bytes: their digest is the image's. */
  readonly manifest: Buffer;
  readonly mediaType: string;
  readonly digest: string;
  readonly config: Buffer;
  readonly configDescriptor: Descriptor;
  readonly layers: readonly Blob[];
}

/** Manifests and configurations are read whole. */
export const MAX_JSON_BYTES = 8 * 1024 * 1024;

export function parseJson<T>(bytes: Buffer, what: string): T {
  try {
    return JSON.parse(bytes.toString("utf8")) as T;
  } catch (cause) {
    throw new WindlassError("image-corrupt", `${what} is not JSON.`, { cause });
  }
}

export function configOf(image: Image): ImageConfig {
  const config = parseJson<ImageConfig>(image.config, "The image's configuration");
  const layers = config.rootfs?.diff_ids;
  if (!Array.isArray(layers) || layers.length !== image.layers.length)
    throw new WindlassError("image-corrupt", "The image's configuration and manifest differ in their layers.");
  return config;
}

/** Throws `image-corrupt` when it is no manifest of an image. */
export function checkManifest(value: Manifest, what: string): Manifest {
  if (value?.schemaVersion !== 2 || !Array.isArray(value.layers) || typeof value.config !== "object")
    throw new WindlassError("image-corrupt", `${what} is not the manifest of an image.`);
  return value;
}

/** Bytes of everything, layers included. */
export function sizeOf(image: Image): number {
  return image.layers.reduce(
    (sum, { descriptor }) => sum + descriptor.size,
    image.config.length + image.manifest.length,
  );
}

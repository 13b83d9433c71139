import { WindlassError } from "../error.js";
import { type Descriptor, DOCKER, type Index, OCI, type Platform } from "./descriptor.js";

export function isIndex(mediaType: string | undefined, value: object): value is Index {
  return mediaType === OCI.index || mediaType === DOCKER.index || (mediaType === undefined && "manifests" in value);
}

/** The image of a platform in an index; an index of one image has it, whatever it says. Throws `image-platform`. */
export function choose(index: Index, platform: Platform, what: string): Descriptor {
  // Attestations stand beside images as manifests of an unknown platform.
  const images = index.manifests.filter(({ platform: of }) => of?.os !== "unknown");
  const fits = images.filter(
    ({ platform: of }) => of === undefined || (of.os === platform.os && of.architecture === platform.architecture),
  );
  const [first] = fits;
  if (first !== undefined) return first;
  const known = images.map(({ platform: of }) => `${of?.os}/${of?.architecture}`).join(", ");
  throw new WindlassError("image-platform", `${what} has no image for ${platform.os}/${platform.architecture}.`, {
    hint: `it has ${known || "none"}`,
  });
}

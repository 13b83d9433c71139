import { WindlassError } from "../../error.js";
import { type Descriptor, type Index, type Manifest, type Platform, thisPlatform } from "../descriptor.js";
import { verifiedBytes } from "../digest.js";
import { checkManifest, type Image, MAX_JSON_BYTES, parseJson } from "../image.js";
import { choose, isIndex } from "../platform.js";
import { type Reference, repositoryName } from "../reference.js";
import type { Registry } from "./registry.js";

/**
 * An image in a registry, for one platform: its manifest and configuration are read now, its layers when they are
 * opened. `image-unknown` when there is none, `image-platform`.
 */
export async function pullImage(
  registry: Registry,
  reference: Reference,
  platform: Platform = thisPlatform(),
): Promise<Image> {
  const { repository } = reference;
  const wanted = reference.digest ?? reference.tag ?? "latest";
  let found = await manifestOf(registry, reference, wanted);
  let value = parseJson<Manifest | Index>(found.bytes, wanted);
  if (isIndex(found.descriptor.mediaType, value)) {
    found = await manifestOf(registry, reference, choose(value, platform, repositoryName(reference)).digest);
    value = parseJson<Manifest>(found.bytes, found.descriptor.digest);
  }
  const manifest = checkManifest(value as Manifest, `${repositoryName(reference)}:${wanted}`);
  const origin = { registry: registry.host, repository };
  return {
    manifest: found.bytes,
    mediaType: found.descriptor.mediaType,
    digest: found.descriptor.digest,
    config: await verifiedBytes(await registry.blob(repository, manifest.config), manifest.config, MAX_JSON_BYTES),
    configDescriptor: manifest.config,
    layers: manifest.layers.map((descriptor: Descriptor) => ({
      descriptor,
      origin,
      open: () => registry.blob(repository, descriptor),
    })),
  };
}

/** `<repository>@sha256:<hex>` of what a tag is now: the index when there is one, so that every platform finds its own. */
export async function resolveTag(registry: Registry, reference: Reference): Promise<string> {
  const name = repositoryName(reference);
  if (reference.digest !== null) return `${name}@${reference.digest}`;
  const tag = reference.tag ?? "latest";
  const digest = await registry.digest(reference.repository, tag);
  if (digest === null) throw unknown(registry, name, tag);
  return `${name}@${digest}`;
}

async function manifestOf(registry: Registry, reference: Reference, wanted: string) {
  const found = await registry.manifest(reference.repository, wanted);
  if (found === null) throw unknown(registry, repositoryName(reference), wanted);
  return found;
}

function unknown(registry: Registry, name: string, wanted: string): WindlassError {
  return new WindlassError("image-unknown", `${registry.host} has no image ${name}:${wanted}.`, {
    hint: "is the name right, and was it pushed?",
  });
}

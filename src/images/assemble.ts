import { type ImageConfig, type Manifest, OCI, ociLayerType, type RunConfig } from "./descriptor.js";
import { digestOfBytes } from "./digest.js";
import { type Blob, configOf, type Image } from "./image.js";

export interface Run {
  readonly argv: readonly string[];
  readonly workingDirectory: string;
}

const EPOCH = "1970-01-01T00:00:00Z";
/** `nonroot` of the images that have such a user; a number needs no entry in /etc/passwd, and a cluster can check it. */
const NOT_ROOT = "65532:65532";

/**
 * What a Dockerfile of `FROM base`, `COPY`, `USER`, `CMD` makes, without times: the same input is the same digest. It
 * has no label of its own: a service whose files did not change keeps its image, and so its replicas, in every release.
 */
export function assemble(base: Image, layer: Blob, run: Run): Image {
  const before = configOf(base);
  const settings: RunConfig = {
    ...before.config,
    User: userOf(before.config?.User),
    WorkingDir: run.workingDirectory,
    Cmd: run.argv,
  };
  const config: ImageConfig = {
    ...before,
    created: EPOCH,
    config: settings,
    // The layer is not compressed: its digest is that of its content, too.
    rootfs: { type: "layers", diff_ids: [...before.rootfs.diff_ids, layer.descriptor.digest] },
    history: [
      ...(before.history ?? []),
      { created: EPOCH, created_by: "windlass build", comment: "the release's files" },
    ],
  };
  return imageOf(config, [...base.layers.map(asOci), layer]);
}

/** An image of a configuration, or of its very bytes, and its layers. */
export function imageOf(config: ImageConfig | Buffer, layers: readonly Blob[]): Image {
  const configBytes = Buffer.isBuffer(config) ? config : Buffer.from(JSON.stringify(config));
  const configDescriptor = { mediaType: OCI.config, digest: digestOfBytes(configBytes), size: configBytes.length };
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI.manifest,
    config: configDescriptor,
    layers: layers.map(({ descriptor: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return {
    manifest: bytes,
    mediaType: OCI.manifest,
    digest: digestOfBytes(bytes),
    config: configBytes,
    configDescriptor,
    layers,
  };
}

function asOci(layer: Blob): Blob {
  return { ...layer, descriptor: { ...layer.descriptor, mediaType: ociLayerType(layer.descriptor.mediaType) } };
}

/** The base's own user when it is a number other than root; a name cannot be told from root without its files. */
function userOf(user: string | undefined): string {
  return user !== undefined && /^[1-9]\d*(:\d+)?$/.test(user) ? user : NOT_ROOT;
}

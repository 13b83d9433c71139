import type { DockerEngine } from "../../docker/engine.js";
import { inspectImage } from "../../docker/images.js";
import { WindlassError } from "../../error.js";
import { parseReference, repositoryName } from "../reference.js";
import { resolveTag } from "../registry/pull.js";
import type { Registries } from "../registry/registries.js";

/**
 * An image that somebody else made, by digest: what its tag means now. With an Engine, what that has already comes first,
 * as in `docker run`. Null: it is named by digest already. `image-unresolved` when nobody can say.
 */
export async function fromTag(
  image: string,
  registries: Registries,
  engine: DockerEngine | null,
): Promise<string | null> {
  if (/^sha256:[0-9a-f]{64}$/.test(image)) return null;
  const reference = parseReference(image);
  if (reference.digest !== null) return null;
  const local = engine === null ? null : await inspectImage(engine, image);
  if (local !== null) {
    const name = repositoryName(reference);
    return local.RepoDigests?.find((each) => each.startsWith(`${name}@`)) ?? local.Id;
  }
  try {
    return await resolveTag(registries.of(reference.registry), reference);
  } catch (cause) {
    if (!(cause instanceof WindlassError)) throw cause;
    throw new WindlassError("image-unresolved", `${image} cannot be resolved to a digest: ${cause.message}`, {
      cause,
      retry: cause.retry,
      hint: `${cause.hint === undefined ? "" : `${cause.hint}; `}or name it by digest: ${repositoryName(reference)}@sha256:…`,
    });
  }
}

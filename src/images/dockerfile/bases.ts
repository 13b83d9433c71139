import { WindlassError } from "../../error.js";
import { parseReference } from "../reference.js";

/**
 * The registries that a Dockerfile's `FROM` and `COPY --from` name, where they can be read without building: their
 * credentials go along with the build, and no others.
 */
export function registriesOf(dockerfile: string): readonly string[] {
  const stages = new Set<string>(["scratch"]);
  const found = new Set<string>();
  const lines = dockerfile.replace(/\\\r?\n/g, " ").split(/\r?\n/);
  for (const line of lines) {
    const [, from, stage] = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$/i.exec(line) ?? [];
    const [, copied] = /^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)/i.exec(line) ?? [];
    for (const image of [from, copied]) {
      // A number is a stage, `$` an argument that only the Engine knows.
      if (image === undefined || stages.has(image) || /^\d+$|\$/.test(image)) continue;
      found.add(registryOf(image));
    }
    if (stage !== undefined) stages.add(stage);
  }
  return [...found];
}

function registryOf(image: string): string {
  try {
    return parseReference(image).registry;
  } catch (error) {
    if (error instanceof WindlassError)
      throw new WindlassError("image-dockerfile", `the Dockerfile begins with ${image}, which is no image`, {
        cause: error,
      });
    throw error;
  }
}

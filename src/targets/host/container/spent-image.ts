import type { DockerEngine } from "../../../docker/engine.js";
import { type EngineImage, inspectImage, removeImage } from "../../../docker/images.js";
import { isRefusal } from "../../../docker/refusal.js";
import { parseReference, repositoryName } from "../../../images/reference.js";

/** An image that nothing goes back to any more. */
export interface SpentImage {
  /** `<repository>@sha256:<hex>` or an Engine's `sha256:<hex>`. */
  readonly reference: string;
  /** What its releases called it for people. */
  readonly tags: readonly string[];
}

/**
 * Takes Windlass's names from an image; without any name left it goes. What other people call by a name of theirs, and what a
 * container runs or was made of, stays. True when it is gone.
 */
export async function removeSpent(engine: DockerEngine, spent: SpentImage): Promise<boolean> {
  const found = await inspectImage(engine, spent.reference);
  if (found === null) return false;
  try {
    for (const name of namesOf(found, spent)) await removeImage(engine, name);
    const left = await inspectImage(engine, found.Id);
    if (left !== null && isNameless(left)) await removeImage(engine, found.Id);
  } catch (error) {
    // In use: the next round asks again.
    if (isRefusal(error, 409)) return false;
    throw error;
  }
  return (await inspectImage(engine, found.Id)) === null;
}

function namesOf({ RepoTags, RepoDigests }: EngineImage, { reference, tags }: SpentImage): readonly string[] {
  const tagged = (RepoTags ?? []).filter((name) => tags.includes(name.slice(name.lastIndexOf(":") + 1)));
  // Tags first: with the last tag of a repository its digest goes by itself.
  return [...tagged, ...(reference.includes("@") ? (RepoDigests ?? []).filter((name) => isSame(name, reference)) : [])];
}

/** An Engine leaves out that it is Docker Hub. */
function isSame(name: string, reference: string): boolean {
  const [one, other] = [parseReference(name), parseReference(reference)];
  return repositoryName(one) === repositoryName(other) && one.digest === other.digest;
}

const isNameless = ({ RepoTags, RepoDigests }: EngineImage): boolean =>
  (RepoTags ?? []).length + (RepoDigests ?? []).length === 0;

import type { StoredArtefact } from "../ports/artefact-store.js";

/** What one environment needs of the artefact store. */
export interface EnvironmentArtefacts {
  /** The artefact digests of each deployed release, the last deployed first; a release may appear again. */
  readonly releases: readonly { readonly id: string; readonly artefacts: readonly string[] }[];
  /** Digests of what runs, is stable or is a rollback target, however long ago it was deployed. */
  readonly needed: readonly string[];
}

export interface RetentionPolicy {
  /** Different releases that are kept per environment. */
  readonly releases: number;
  /** An artefact is uploaded before it is deployed: younger ones are kept. Milliseconds. */
  readonly graceMs: number;
}

export const RETENTION: RetentionPolicy = { releases: 10, graceMs: 24 * 60 * 60 * 1_000 };

/** The digests that nothing needs any more. `now` is wall-clock time in milliseconds. */
export function removable(
  stored: readonly StoredArtefact[],
  environments: readonly EnvironmentArtefacts[],
  now: number,
  policy: RetentionPolicy = RETENTION,
): string[] {
  const kept = new Set(environments.flatMap(({ needed }) => needed));
  for (const { releases } of environments) {
    const recent = new Set<string>();
    for (const release of releases) {
      if (recent.size >= policy.releases && !recent.has(release.id)) continue;
      recent.add(release.id);
      for (const digest of release.artefacts) kept.add(digest);
    }
  }
  return stored
    .filter(({ digest, storedAt }) => !kept.has(digest) && now - storedAt > policy.graceMs)
    .map(({ digest }) => digest);
}

import { type EnvironmentArtefacts, RETENTION, removable } from "../archive/retention.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { Engine, EngineLog } from "../engine/engine.js";
import type { ArtefactStore } from "../ports/artefact-store.js";

/** Removes archives that no environment needs: not running, stable, a rollback target or one of its last releases. */
export async function collectArtefacts(engine: Engine, store: ArtefactStore, log: EngineLog): Promise<void> {
  const states = engine.drivers().map((driver) => driver.state);
  const stored = await store.list();
  const keep = Math.max(RETENTION.releases, ...states.map(keptReleases));
  const gone = removable(stored, states.map(artefactsOf), Date.now(), { ...RETENTION, releases: keep });
  for (const digest of gone) await store.remove(digest);
  if (gone.length > 0) log("info", `removed ${gone.length} artefacts that nothing needs any more`, { digests: gone });
}

function keptReleases(state: EnvironmentState): number {
  const current = state.settled.at(-1);
  return (current === undefined ? undefined : state.revisions[current]?.environment.keepReleases) ?? 0;
}

/** What one environment holds on to. Revisions are numbered in the order in which they first came. */
export function artefactsOf(state: EnvironmentState): EnvironmentArtefacts {
  const digests = (id: string): string[] => Object.values(state.revisions[id]?.release.artefacts ?? {});
  const window = state.revisions[state.settled.at(-1) ?? ""]?.environment.rollbackWindow ?? 0;
  const needed = new Set<string>([
    ...Object.values(state.services).flatMap((service) => Object.values(service.groups).map((group) => group.revision)),
    ...state.settled.slice(-(window + 1)),
    ...[state.deployment?.from, state.deployment?.to, state.next?.to].filter((id) => id != null),
  ]);
  return {
    releases: Object.values(state.revisions)
      .reverse()
      .map((revision) => ({ id: revision.release.digest, artefacts: digests(revision.id) })),
    needed: [...needed].flatMap(digests),
  };
}

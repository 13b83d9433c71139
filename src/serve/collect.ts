import { type EnvironmentArtefacts, RETENTION, removable } from "../archive/retention.js";
import type { Release } from "../core/model/revision.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { Engine, EngineLog } from "../engine/engine.js";
import { imageTag } from "../images/reference.js";
import type { ArtefactStore } from "../ports/artefact-store.js";
import type { SpentImage } from "../targets/host/container/spent-image.js";
import type { HostTarget } from "../targets/host/target.js";

/** Removes archives that no environment needs: not running, stable, a rollback target or one of its last releases. */
export async function collectArtefacts(engine: Engine, store: ArtefactStore, log: EngineLog): Promise<void> {
  const states = engine.drivers().map((driver) => driver.state);
  const stored = await store.list();
  const keep = Math.max(RETENTION.releases, ...states.map(keptReleases));
  const gone = removable(stored, states.map(artefactsOf), Date.now(), { ...RETENTION, releases: keep });
  for (const digest of gone) await store.remove(digest);
  if (gone.length > 0) log("info", `removed ${gone.length} artefacts that nothing needs any more`, { digests: gone });
}

/** At most so many in a round; the last ones that were needed first. */
const IMAGES_AT_ONCE = 200;

/** Removes from this machine's Engine the images that no environment needs, by the same rule. */
export async function collectImages(
  engine: Engine,
  host: Pick<HostTarget, "removeImages">,
  log: EngineLog,
): Promise<void> {
  const spent = spentImages(engine.drivers().map((driver) => driver.state));
  if (spent.length === 0) return;
  const removed = await host.removeImages(spent.slice(0, IMAGES_AT_ONCE));
  if (removed.length > 0) log("info", `removed ${removed.length} images that nothing needs any more`, { removed });
}

/** Images of revisions that no environment goes back to any more, with the tags that their releases gave them. */
export function spentImages(states: readonly EnvironmentState[]): readonly SpentImage[] {
  const tags = new Map<string, Set<string>>();
  for (const { revisions } of states)
    for (const { release } of Object.values(revisions).reverse())
      for (const image of Object.values(release.images ?? {})) {
        const known = tags.get(image) ?? new Set<string>();
        tags.set(image, known.add(imageTag(release.label)));
      }
  const stored = [...tags.keys()].map((digest) => ({ digest, bytes: 0, storedAt: 0 }));
  const environments = states.map((state) => heldBy(state, ({ images }) => Object.values(images ?? {})));
  const keep = Math.max(RETENTION.releases, ...states.map(keptReleases));
  const spent = removable(stored, environments, RETENTION.graceMs + 1, { ...RETENTION, releases: keep });
  return spent.map((reference) => ({ reference, tags: [...(tags.get(reference) ?? [])] }));
}

function keptReleases(state: EnvironmentState): number {
  const current = state.settled.at(-1);
  return (current === undefined ? undefined : state.revisions[current]?.environment.keepReleases) ?? 0;
}

/** The artefacts that one environment holds on to. */
export const artefactsOf = (state: EnvironmentState): EnvironmentArtefacts =>
  heldBy(state, ({ artefacts }) => Object.values(artefacts));

/** Revisions are numbered in the order in which they first came. */
function heldBy(state: EnvironmentState, partsOf: (release: Release) => readonly string[]): EnvironmentArtefacts {
  const parts = (id: string): readonly string[] => {
    const release = state.revisions[id]?.release;
    return release === undefined ? [] : partsOf(release);
  };
  const window = state.revisions[state.settled.at(-1) ?? ""]?.environment.rollbackWindow ?? 0;
  const needed = new Set<string>([
    ...Object.values(state.services).flatMap((service) => Object.values(service.groups).map((group) => group.revision)),
    ...state.settled.slice(-(window + 1)),
    ...[state.deployment?.from, state.deployment?.to, state.next?.to].filter((id) => id != null),
  ]);
  return {
    releases: Object.values(state.revisions)
      .reverse()
      .map((revision) => ({ id: revision.release.digest, artefacts: parts(revision.id) })),
    needed: [...needed].flatMap(parts),
  };
}

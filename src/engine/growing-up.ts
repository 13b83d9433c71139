import { byTime } from "../core/analysis/by-time.js";
import { ServiceProfile } from "../core/analysis/profile.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { Keeping } from "./keeping.js";

/** So long after a deployment its replicas are grown up: then it is known what their start was like. */
const GROWN_UP_MS = 5 * 60_000;

/** The deployment whose replicas have grown up by `now`; null: none, or nothing of it can be learned. */
export function grownUp({ deployment }: EnvironmentState, now: number): string | null {
  if (deployment?.outcome !== "succeeded" || deployment.finishedAt === null) return null;
  return now - deployment.finishedAt >= GROWN_UP_MS ? deployment.id : null;
}

/**
 * A first deployment has nothing to be compared with, and its rollout ends with its replicas' first answers. How they warm
 * up is learned from its counts some minutes later, before those are dropped. The same again changes nothing.
 */
export async function learnStart(state: EnvironmentState, now: number, keeping: Keeping): Promise<void> {
  const { deployment, revisions } = state;
  if (deployment === null) return;
  for (const { service, action } of deployment.steps) {
    const spec = revisions[deployment.to]?.environment.services[service];
    if (action !== "roll-out" || spec?.analysis == null || spec.listen === null) continue;
    const profile = new ServiceProfile(await keeping.memory(service));
    for (const [at, blocks] of byTime(await keeping.seconds(service, deployment.startedAt, now))) {
      profile.see(at, blocks);
    }
    await keeping.remember(service, profile.memory());
  }
}

import type { Intent, ServiceName } from "../../core/model/intent.js";
import { groupKey } from "./group-secrets.js";
import type { DeploymentSeen } from "./seen/deployment.js";

/** Whether the Deployments that are to be taken over run what the revision says; sentences by group key where not. */
export function adoptionProblem(
  intent: Intent,
  found: ReadonlyMap<ServiceName, DeploymentSeen>,
): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  for (const [service, { adopt, groups }] of Object.entries(intent.services)) {
    if (adopt === undefined) continue;
    const run = groups[adopt.group]?.workload.run;
    if (run === undefined) continue;
    const key = groupKey(service, adopt.group);
    const deployment = found.get(service);
    if (deployment === undefined) {
      problems.set(key, `there is no Deployment ${adopt.deployment} to take over`);
      continue;
    }
    // One that is ours already was compared when it was taken over.
    if (deployment.service !== null || run.kind !== "image") continue;
    const images = Object.values(deployment.images);
    if (!images.some((image) => sameImage(image, run.image)))
      problems.set(
        key,
        `${adopt.deployment} runs ${images.join(", ")}, not ${run.image}: name that image, and deploy the new one afterwards`,
      );
  }
  return problems;
}

/** By digest where both have one; a tag may have moved, so it has to be the same text. */
function sameImage(a: string, b: string): boolean {
  const digest = (image: string): string | undefined => image.split("@")[1];
  return digest(a) !== undefined && digest(a) === digest(b) ? true : a === b;
}

import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { emptyEnvironment, evolve } from "../../../src/core/deployment/evolve.js";
import { sizeIn } from "../../../src/core/deployment/steps.js";
import { understand } from "../../../src/engine/known-events.js";
import { deploymentName } from "../../../src/render/kubernetes/names.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { groupOf, imageIn, type LookedAt, names, owned, replicasIn } from "./looks.js";
import { isReady } from "./rig/cluster.js";
import type { Story } from "./story.js";

/** What the target itself remembers. */
const KEPT = ["windlass-intent", "windlass-tasks"];
const PER_GROUP: readonly LookedAt[] = ["ConfigMap", "Secret", "HorizontalPodAutoscaler"];

/**
 * What must be true when nothing goes wrong any more and nobody wants anything, as an administrator of the cluster sees
 * it: what settled runs, whole and alone, all requests lead there, and nothing is left of anything else.
 */
export async function expectRest(story: Story): Promise<void> {
  const { cluster, namespace, state } = story;
  expect(state.deployment?.outcome ?? "none", "every path ends").not.toBe("none");
  const settled = state.revisions[state.settled.at(-1) ?? ""];
  const expected: Record<string, { image: string; replicas: number; digest: string }> = {};
  for (const [name, service] of Object.entries(state.services)) {
    const { stable } = service;
    expect(Object.keys(service.groups), "a service at rest has one group").toEqual([stable]);
    const group = service.groups[stable ?? ""];
    const spec = state.revisions[group?.revision ?? ""]?.environment.services[name];
    const digest = settled?.workloads[name] ?? "";
    if (spec?.run.kind !== "image") throw new Error(`${name} runs no image`);
    expected[deploymentName(name, stable ?? "", digest)] = {
      image: spec.run.image,
      replicas: sizeIn(state, name, settled?.id ?? ""),
      digest,
    };
  }
  const deployments = async () =>
    Object.fromEntries(
      (await owned(cluster, "Deployment", namespace)).map((one) => [
        one.metadata.name,
        {
          image: imageIn(one),
          replicas: replicasIn(one),
          digest: (one.metadata.annotations as Record<string, string>)["windlass.dev/digest"],
        },
      ]),
    );
  let last: unknown = null;
  await eventually(
    "only what settled runs",
    async () => {
      last = await deployments();
      return isDeepStrictEqual(last, expected);
    },
    () => ({ last, expected, told: story.told() }),
  );
  await eventually(
    "its pods are ready, and there are no others",
    async () => {
      const pods = await owned(cluster, "Pod", namespace);
      last = pods.map((pod) => [pod.metadata.name, isReady(pod)]);
      const wanted = Object.values(expected).reduce((sum, one) => sum + one.replicas, 0);
      const stable = new Set(Object.values(state.services).map((one) => one.stable));
      return pods.length === wanted && pods.every((pod) => isReady(pod) && stable.has(groupOf(pod)));
    },
    () => ({ last, told: story.told() }),
  );
  const groups = Object.keys(expected).sort();
  for (const kind of PER_GROUP)
    await eventually(
      `no ${kind} of a group that is gone`,
      async () => {
        last = names(await owned(cluster, kind, namespace)).filter((name) => !KEPT.includes(name));
        return (last as string[]).every((name) => groups.includes(name));
      },
      () => last,
    );
  await eventually(
    "a Service for each group and each service",
    async () => {
      last = names(await owned(cluster, "Service", namespace));
      return isDeepStrictEqual(last, [...Object.keys(state.services), ...groups].sort());
    },
    () => ({ last, groups }),
  );
  expectReplay(story);
}

/** Reading the ledger again gives the state that the engine has. */
export function expectReplay(story: Story): void {
  let replayed = emptyEnvironment(story.key);
  for (const record of story.disk.records) {
    if (record.stream !== story.key) continue;
    const copy = JSON.parse(JSON.stringify(record)) as typeof record;
    replayed = evolve(replayed, understand(copy), copy);
  }
  expect(JSON.parse(JSON.stringify(replayed))).toEqual(JSON.parse(JSON.stringify(story.driver.state)));
}

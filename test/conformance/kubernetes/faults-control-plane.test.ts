import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Chance } from "../../simulation/random.js";
import { expectRest } from "./at-rest.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.js";
import { deploymentOf, imageIn, pathOf, weightsOf } from "./looks.js";
import { Life, mortalClient } from "./mortal-client.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { imageOf, PATIENT, ROLLING, system, web } from "./specs.js";
import { Story } from "./story.js";
import type { TargetOptions } from "./world.js";

const GATEWAY: TargetOptions = {
  traffic: { kind: "gateway", name: "fake", namespace: "gateway", section: null, metrics: null },
};
const SEED = 20_261_128;
/** Of control planes in one rollout; each ends at some moment of it. */
const LIVES = 8;
/** Who begins anew sends everything once: so many passages, two for each write. */
const PASSAGES = 30;

describe("a control plane that is killed", () => {
  let cluster: Cluster;
  let gateway: FakeGateway;
  const dead: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ kwok: { nodes: 2, zones: 2 }, gateway: "api" });
    gateway = await startFakeGateway(cluster);
  });
  afterAll(async () => {
    for (const close of dead) await close();
    await gateway?.stop();
    await cluster?.end();
  });

  const begin = async (name: string, options: TargetOptions): Promise<Story> => {
    const story = await Story.begin(cluster, name, { ...GATEWAY, ...options });
    dead.push(() => story.end());
    return story;
  };
  const mortal = (life: Life): TargetOptions => ({ ...GATEWAY, wrap: (client) => mortalClient(client, life) });
  /** The next control plane begins where this one was killed, between any two of its writes. */
  const killAndStart = async (story: Story, life: Life, next: Life): Promise<void> => {
    const { target } = story.kill().world;
    life.end();
    dead.push(() => target.close());
    await story.start(mortal(next));
  };

  it.concurrent.for([
    ["forward", false],
    ["backward", true],
  ] as const)("ends well, however often that happens on the way %s", async ([name, aborts], { expect: expects }) => {
    const chance = new Chance(SEED + (aborts ? 1 : 0));
    const story = await begin(name, {});
    await story.deployed("v1", system(web("v1", { environment: { LEVEL: { kind: "plain", value: "1" } } })));
    const strategy = aborts ? { strategy: PATIENT } : {};
    const environment = { LEVEL: { kind: "plain", value: "2" } } as const;
    await story.deploy("v2", system(web("v2", { environment, ...strategy })));
    if (aborts) {
      await story.atShare("r2", 25);
      await story.ask({ kind: "abort", reason: "no" });
    }
    let life = new Life(null);
    const died: number[] = [];
    for (let lived = 0; lived < LIVES; lived++) {
      const next = new Life(chance.between(1, PASSAGES));
      await killAndStart(story, life, next);
      life = next;
      // It dies at its passage, or the rollout is over first.
      await Promise.race([life.over, story.over()]);
      if (!life.alive) died.push(life.passages);
    }
    expects(died.length, "it died, and not of old age").toBeGreaterThanOrEqual(3);
    await killAndStart(story, life, new Life(null));
    const { outcome } = await story.over();
    expects(outcome, `it died at ${died.join(", ")}; seed ${SEED}`).toBe(aborts ? "rolled-back" : "succeeded");
    await expectRest(story);
    const stable = aborts ? "r1" : "r2";
    const deployment = await deploymentOf(cluster, story.namespace, stable);
    expects(imageIn(deployment)).toBe(imageOf(aborts ? "v1" : "v2"));
    const shares = weightsOf(await cluster.api.get(pathOf("HTTPRoute", story.namespace, "web")));
    expects(shares).toEqual({ [deployment.metadata.name]: 100 });
  });

  it.concurrent("does not undo what its successor does when it was only believed to be dead", async () => {
    const story = await begin("believed", {});
    await story.deployed("v1", system(web("v1", { strategy: ROLLING, replicas: 2 })));
    // Its target goes on: only its ledger is closed to it.
    const { target } = story.kill().world;
    dead.push(() => target.close());
    await story.start();
    await story.deployed("v2", system(web("v2", { strategy: ROLLING, replicas: 2 })));
    await expectRest(story);
    await expect(target.observe(story.key)).rejects.toMatchObject({ code: "target-stale-term" });
    const { metadata } = await deploymentOf(cluster, story.namespace, "r2");
    const generation = metadata.generation;
    await cluster.kubectl(["scale", "-n", story.namespace, `deployment/${metadata.name}`, "--replicas=3"]);
    await story.until("it is taken back once", ({ observation }) => observation?.drift?.length === 1);
    await expectRest(story);
    const after = await deploymentOf(cluster, story.namespace, "r2");
    expect(after.metadata.generation).toBe((generation ?? 0) + 2);
    expect(story.fatal).toEqual([]);
  });
});

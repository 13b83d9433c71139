import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../scenario/lab/eventually.js";
import { expectRest } from "./at-rest.js";
import { pathOf, readyPods } from "./looks.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { kubeconfigText } from "./rig/control-plane.js";
import { neededRights } from "./rights.js";
import { PATIENT, system, web } from "./specs.js";
import { Story } from "./story.js";

describe("an API server in trouble, in mid-rollout", () => {
  let cluster: Cluster;
  const stories: Story[] = [];
  beforeAll(async () => {
    // Watches end often, and begin anew straight from etcd: a compaction in between ends them with 410.
    cluster = await startCluster({
      kwok: { nodes: 2, zones: 2 },
      minRequestTimeoutSeconds: 4,
    });
  });
  afterAll(async () => {
    for (const story of stories) await story.end();
    await cluster?.end();
  });

  const begin = async (name: string, options: Parameters<typeof Story.begin>[2] = {}): Promise<Story> => {
    const story = await Story.begin(cluster, name, options);
    stories.push(story);
    await story.deployed("v1", system(web("v1")));
    return story;
  };
  /** A second revision that has its first share and stays there. */
  const midway = async (story: Story): Promise<void> => {
    await story.deploy("v2", system(web("v2", { strategy: PATIENT })));
    await story.atShare("r2", 25);
  };
  const onward = async (story: Story): Promise<void> => {
    await story.ask({ kind: "advance", full: true });
    expect((await story.over()).outcome).toBe("succeeded");
    await expectRest(story);
    expect(await readyPods(cluster, story.namespace, "r2")).toBe(4);
  };

  it("goes on where it was when the server crashes and comes back", async () => {
    const story = await begin("crash");
    await midway(story);
    const before = story.types().length;
    await cluster.restartApiServer({ kill: true, downMs: 3_000 });
    expect(story.types().slice(before), "nothing is decided while nothing is seen").toEqual([]);
    await onward(story);
    expect(story.types()).not.toContain("deployment.turned@1");
  });

  it("finishes an abort that was asked for while the server was away", async () => {
    const story = await begin("abort");
    await midway(story);
    const back = cluster.restartApiServer({ kill: true, downMs: 3_000 });
    await story.ask({ kind: "abort", reason: "the server is away" });
    await back;
    expect((await story.over()).outcome).toBe("rolled-back");
    await expectRest(story);
  });

  it("says that a server which hangs does not answer, decides nothing meanwhile, and goes on", async () => {
    const story = await begin("hang");
    await midway(story);
    cluster.pauseApiServer();
    try {
      const problem = await story.until(
        "the target says so",
        ({ problem, observation }) => observation === null && problem,
      );
      expect(problem).toMatch(/has not answered for \d+ s/);
      const before = story.types().length;
      await story.ask({ kind: "advance", full: true });
      await sleep(2_000);
      const decided = story.types().slice(before);
      expect(decided).not.toContain("rollout.shaped@1");
      expect(decided).not.toContain("deployment.turned@1");
    } finally {
      cluster.resumeApiServer();
    }
    await story.until("it is seen again", ({ observation }) => observation !== null);
    expect((await story.over()).outcome).toBe("succeeded");
    await expectRest(story);
    expect(story.types()).not.toContain("deployment.turned@1");
  });

  it("rolls out on a server that stands still most of the time", async () => {
    const story = await begin("slow");
    let slow = true;
    const standing = (async () => {
      while (slow) {
        cluster.pauseApiServer();
        await sleep(600);
        cluster.resumeApiServer();
        await sleep(300);
      }
    })();
    try {
      await story.deployed("v2", system(web("v2")));
    } finally {
      slow = false;
      await standing;
    }
    expect(story.types()).not.toContain("deployment.turned@1");
    await expectRest(story);
  });

  it("sees what happened while a watch was cut and had expired", async () => {
    const story = await begin("expired");
    await midway(story);
    for (let round = 0; round < 3; round++) {
      const deployments = await cluster.api.list(pathOf("Deployment", story.namespace));
      const canary = deployments.find(({ metadata }) => metadata.labels?.["windlass.dev/group"] === "r2");
      await cluster.api.merge(pathOf("Deployment", story.namespace, canary?.metadata.name), {
        spec: { replicas: 3 + round },
      });
      await cluster.compact();
      await cluster.restartApiServer({ kill: true });
      await eventually("the number is made right again", async () => {
        const found = await cluster.api.get(pathOf("Deployment", story.namespace, canary?.metadata.name));
        return (found.spec as { replicas: number }).replicas === 1;
      });
    }
    await story.until(
      "one replica is seen",
      ({ observation }) => observation?.services.web?.groups.r2?.replicas.length === 1,
    );
    await onward(story);
  });

  it("tells that its credentials have expired, and goes on with new ones in the same file", async () => {
    const file = path.join(cluster.folder, "renewed.kubeconfig");
    const token = path.join(cluster.folder, "renewed.token");
    const account = await cluster.kubeconfigFor({ namespace: "default", name: "deployer", rules: neededRights() });
    const config = JSON.parse(kubeconfigText(cluster.url, cluster.ca, { token: "none" }));
    config.users = [{ name: "rig", user: { tokenFile: token } }];
    await writeFile(file, JSON.stringify(config));
    await writeFile(token, account.token);
    const story = await begin("credentials", { kubeconfig: file });
    await midway(story);
    // The account is made anew: its tokens are worth nothing any more.
    await cluster.api.remove("/api/v1/namespaces/default/serviceaccounts/deployer");
    const problem = await story.until(
      "the target says so",
      ({ problem, observation }) => observation === null && problem,
    );
    expect(problem).toMatch(/Unauthorized/);
    const again = await cluster.kubeconfigFor({ namespace: "default", name: "deployer", rules: neededRights() });
    await writeFile(`${token}.new`, again.token);
    await copyFile(`${token}.new`, token);
    await story.until("it is seen again", ({ observation }) => observation !== null);
    await onward(story);
  });
});

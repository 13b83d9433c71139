import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../scenario/lab/eventually.js";
import { expectRest } from "./at-rest.js";
import { deploymentOf, names, owned, pathOf, podsOf, readyPods } from "./looks.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { KWOK_LOG } from "./rig/kwok.js";
import { PATIENT, ROLLING, system, type WebOptions, web } from "./specs.js";
import { Story } from "./story.js";

/** Far longer than any of these stories: who waits for it has not understood what is wrong. */
const READY_DEADLINE_MS = 600_000;

describe("replicas that do not come up", () => {
  let cluster: Cluster;
  const stories: Story[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ kwok: { nodes: 3, zones: 3 } });
  });
  afterAll(async () => {
    for (const story of stories) await story.end();
    await cluster?.end();
  });

  /** A first revision that runs well, in an environment of its own. */
  const begin = async (name: string, options: WebOptions = {}): Promise<Story> => {
    const story = await Story.begin(cluster, name);
    stories.push(story);
    await story.deployed("v1", system(web("v1", { replicas: 2, ...options })));
    return story;
  };
  const second = (options: WebOptions) =>
    system(web("v2", { replicas: 2, readyDeadlineMs: READY_DEADLINE_MS, ...options }));

  /** Deploys a second revision that goes back by itself; gives why. */
  const back = async (told: Story, options: WebOptions) => {
    await told.deploy("v2", second(options));
    const { outcome, cause } = await told.over();
    expect(outcome).toBe("rolled-back");
    await expectRest(told);
    if (cause === null) throw new Error("it went back without a cause");
    return cause;
  };

  it.concurrent("tells a crash loop with its exit code and its last lines, and goes back", async () => {
    const told = await begin("crash");
    const cause = await back(told, { fault: "crash" });
    expect(cause).toMatchObject({ kind: "crash", service: "web", exit: { code: 3, reason: "exited" } });
    expect(cause.sentence).toContain("keeps ending (exit code 3)");
    expect(cause.exit?.lastLines).toEqual(KWOK_LOG);
  });

  it.concurrent("tells that it used more memory than its limit, and goes back", async () => {
    const told = await begin("oom");
    const cause = await back(told, { fault: "oom" });
    expect(cause).toMatchObject({ kind: "crash", exit: { reason: "out-of-memory" } });
    expect(cause.sentence).toContain("it used more memory than its limit");
  });

  it.concurrent("tells an image that cannot be pulled in the node's words, and goes back", async () => {
    const told = await begin("image");
    const cause = await back(told, { fault: "image-pull" });
    expect(cause.kind).toBe("crash");
    expect(cause.sentence).toMatch(/ImagePullBackOff: .*failed to resolve reference: not found/);
  });

  it.concurrent("tells a container that cannot be made, and goes back", async () => {
    const told = await begin("config");
    const cause = await back(told, { fault: "config" });
    expect(cause.sentence).toContain('CreateContainerConfigError: secret "settings" not found');
  });

  it.concurrent("says at once why no node takes a replica, and takes it back when asked", async () => {
    const told = await begin("large");
    await told.deploy("v2", second({ cpu: 1_000 }));
    await told.until("it waits in the scheduler's words", ({ waiting }) =>
      /0 of \d new replicas are ready \(.*no node takes it: 0\/3 nodes are available: 3 Insufficient cpu/.test(waiting),
    );
    await told.ask({ kind: "abort", reason: null });
    expect((await told.over()).outcome).toBe("rolled-back");
    await expectRest(told);
  });

  it.concurrent("says at once what a probe that fails has seen", async () => {
    const told = await begin("probe");
    await told.deploy("v2", second({ fault: "never-ready" }));
    await told.until("it waits in the kubelet's words", ({ waiting }) =>
      waiting.includes("Readiness probe failed: HTTP probe failed with statuscode: 503"),
    );
    await told.ask({ kind: "abort", reason: null });
    await told.over();
    await expectRest(told);
  });

  it.concurrent("takes an aborted canary back while its pods are pending", async () => {
    const told = await begin("pending", { replicas: 4 });
    await told.deploy("v2", second({ fault: "never-start", replicas: 4 }));
    await told.until("a pod is pending", ({ observation }) => {
      const replicas = observation?.services.web?.groups.r2?.replicas ?? [];
      return replicas.length > 0 && replicas.every(({ phase }) => phase === "starting");
    });
    await told.ask({ kind: "abort", reason: "not today" });
    const { outcome, cause } = await told.over();
    expect(outcome).toBe("rolled-back");
    expect(cause?.sentence).toContain("not today");
    await expectRest(told);
  });

  it.concurrent("says which quota refuses its pods, at once, and goes back", async () => {
    const told = await begin("quota");
    const path = `/api/v1/namespaces/${told.namespace}/resourcequotas/pods`;
    await cluster.api.apply(path, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "pods" },
      spec: { hard: { pods: "2" } },
    });
    await cluster.kubectl(["wait", "-n", told.namespace, "resourcequota/pods", "--for=jsonpath={.status.used.pods}=2"]);
    const cause = await back(told, {});
    expect(cause.kind).toBe("crash");
    expect(cause.sentence).toMatch(
      /no pod can be made: .*exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2/,
    );
  });

  it.concurrent("says which rule of the cluster refuses its Deployment, at once, and goes back", async () => {
    const told = await begin("policy");
    const rules = "/apis/admissionregistration.k8s.io/v1";
    const [apiVersion, metadata] = ["admissionregistration.k8s.io/v1", { name: "no-v2" }];
    await cluster.api.apply(`${rules}/validatingadmissionpolicies/no-v2`, {
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["deployments"] },
          ],
        },
        validations: [
          {
            expression: "object.metadata.labels['windlass.dev/group'] != 'r2'",
            message: "revision two is not welcome here",
          },
        ],
      },
    });
    await cluster.api.apply(`${rules}/validatingadmissionpolicybindings/no-v2`, {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: {
        policyName: "no-v2",
        validationActions: ["Deny"],
        matchResources: {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": told.namespace } },
        },
      },
    });
    // Policies come into force a moment after they are stored.
    await eventually("the policy is in force", async () => {
      const asked = cluster.api.send("POST", `${pathOf("Deployment", told.namespace)}?dryRun=All`, probe());
      return asked.then(
        () => false,
        (error: Error) => error.message.includes("not welcome"),
      );
    });
    const cause = await back(told, {});
    expect(cause.kind).toBe("crash");
    expect(cause.sentence).toMatch(/Deployment web-[0-9a-f]{10} was refused: .*revision two is not welcome here/);
  });

  it.concurrent("says which limit of its namespace refuses its pods, at once, and goes back", async () => {
    const told = await begin("limits");
    await cluster.api.apply(`/api/v1/namespaces/${told.namespace}/limitranges/room`, {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: { name: "room" },
      spec: { limits: [{ type: "Container", min: { memory: "1Gi" } }] },
    });
    const cause = await back(told, { memoryBytes: 256 * 1024 * 1024 });
    expect(cause.sentence).toMatch(/no pod can be made: .*minimum memory usage per Container is 1Gi/);
  });

  it.concurrent("says that pod security refuses what somebody made of its pods, and goes back", async () => {
    const told = await Story.begin(cluster, "security", { drift: "report" });
    stories.push(told);
    await told.deployed("v1", system(web("v1", { replicas: 2 })));
    await told.deploy("v2", second({ strategy: PATIENT }));
    await told.atShare("r2", 25);
    const { metadata } = await deploymentOf(cluster, told.namespace, "r2");
    const change = { spec: { template: { spec: { hostNetwork: true } } } };
    await cluster.api.merge(pathOf("Deployment", told.namespace, metadata.name), change);
    const { outcome, cause } = await told.over();
    expect(outcome).toBe("rolled-back");
    expect(cause?.sentence).toMatch(/no pod can be made: .*violates PodSecurity "restricted:latest": host namespaces/);
    await expectRest(told);
  });

  it.concurrent("waits where a quota has room again once the old replicas are gone", async () => {
    const told = await begin("tight", { strategy: ROLLING, fault: "slow-end" });
    await cluster.api.apply(`/api/v1/namespaces/${told.namespace}/resourcequotas/pods`, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "pods" },
      spec: { hard: { pods: "3" } },
    });
    await cluster.kubectl(["wait", "-n", told.namespace, "resourcequota/pods", "--for=jsonpath={.status.used.pods}=2"]);
    await told.deployed("v2", second({ strategy: ROLLING }));
    expect(told.types()).not.toContain("deployment.turned@1");
    await expectRest(told);
  });

  it("shows a replica that was evicted, and why, until its successor is ready", async () => {
    const told = await begin("evicted");
    await told.deploy("v2", second({ fault: "evict", strategy: PATIENT }));
    await told.until("the canary is ready", ({ observation }) =>
      observation?.services.web?.groups.r2?.replicas.some(({ phase }) => phase === "ready"),
    );
    cluster.program("kube-scheduler").pause();
    try {
      const words = await told.until("it is gone", ({ observation }) => {
        const replicas = observation?.services.web?.groups.r2?.replicas ?? [];
        return replicas.find(({ probe }) => probe?.startsWith("Evicted: "))?.probe;
      });
      expect(words).toBe("Evicted: The node was low on resource: memory.");
    } finally {
      cluster.program("kube-scheduler").resume();
    }
    await told.until("another one is ready", ({ observation }) => {
      const replicas = observation?.services.web?.groups.r2?.replicas ?? [];
      return replicas.length > 0 && replicas.every(({ phase }) => phase === "ready");
    });
    await told.ask({ kind: "abort", reason: null });
    await told.over();
    await expectRest(told);
  });

  it("waits for the pods of a node that vanished, and goes on with those that replace them", async () => {
    const told = await begin("node", { replicas: 3 });
    await told.deploy("v2", second({ replicas: 3, strategy: PATIENT }));
    await told.atShare("r2", 25);
    const [pod] = await podsOf(cluster, told.namespace, "r2");
    if (pod === undefined) throw new Error("the canary has no pod");
    const { nodeName: node } = pod.spec as { nodeName: string };
    await cluster.stopNode(node);
    await told.until("the canary has lost its replica", ({ observation }) =>
      observation?.services.web?.groups.r2?.replicas.some(({ phase }) => phase !== "ready"),
    );
    await told.until("it has another one", ({ observation }) =>
      observation?.services.web?.groups.r2?.replicas.some(
        ({ id, phase }) => phase === "ready" && id !== pod.metadata.name,
      ),
    );
    await told.ask({ kind: "advance", full: true });
    expect((await told.over()).outcome).toBe("succeeded");
    // What is left on the node goes with the node; nobody waits for it.
    expect(await readyPods(cluster, told.namespace, "r2")).toBe(3);
    expect(names(await owned(cluster, "Deployment", told.namespace))).toHaveLength(1);
  });
});

/** A Deployment that the policy refuses, and that is never stored. */
function probe(): unknown {
  const labels = { "windlass.dev/group": "r2" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "probe" }] } };
  const spec = { selector: { matchLabels: labels }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "probe", labels }, spec };
}

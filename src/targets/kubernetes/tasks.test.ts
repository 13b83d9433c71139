import { expect, test } from "vitest";
import type { TaskIntent } from "../../core/model/intent.js";
import type { TaskObservation } from "../../core/model/observation.js";
import { WindlassError } from "../../error.js";
import type { KubernetesObject } from "../../render/kubernetes/object.js";
import type { Kubernetes } from "./client/api.js";
import type { PodSeen } from "./seen/pod.js";
import { ClusterTasks } from "./tasks.js";

const TASK: TaskIntent = {
  id: "smoke-1",
  kind: "smoke",
  service: "web",
  group: "r1",
  checks: [{ kind: "http", path: "/ready", status: 200, timeoutMs: 1_000 }],
};

/** A smoke check of one replica; what its request comes to is told by the story. */
class Smoke {
  now = 0;
  /** Whether the API server says its version. */
  answers = true;
  asked = 0;
  reported: string[] = [];
  #outcome: number | WindlassError = 200;
  #record: KubernetesObject | null = null;

  /** Its tasks, as a control plane that has just started has them. */
  open(): ClusterTasks {
    const client = {
      get: async () => this.#record,
      apply: async (object: KubernetesObject) => {
        this.#record = object;
        return object;
      },
      proxy: async () => {
        this.asked++;
        if (this.#outcome instanceof WindlassError) throw this.#outcome;
        return { status: this.#outcome, body: "", truncated: false };
      },
      version: async () => {
        if (!this.answers) throw new WindlassError("kubernetes-timeout", "no answer");
        return "v1.34.4";
      },
    } as unknown as Kubernetes;
    return new ClusterTasks({
      client,
      namespace: "shop",
      environment: "shop/production",
      ready: () => [{ namespace: "shop", name: "web-1" } as PodSeen],
      port: () => 8080,
      deployment: () => "web",
      clusterPort: () => 80,
      now: () => this.now,
      changed: () => {},
      report: (_message, error) => this.reported.push((error as Error).message),
    });
  }

  readonly tasks = this.open();

  /** One look at the task, when its request comes to this. */
  async look(outcome: number | WindlassError, tasks = this.tasks): Promise<TaskObservation | undefined> {
    this.#outcome = outcome;
    tasks.want([TASK]);
    await new Promise((resolve) => setImmediate(resolve));
    return tasks.observe([TASK])["smoke-1"];
  }
}

test("a check that passed is not done again, by the next control plane neither", async () => {
  const smoke = new Smoke();
  expect(await smoke.look(200)).toMatchObject({ phase: "passed" });
  await smoke.look(200);
  expect(smoke.asked).toBe(1);
  const next = smoke.open();
  expect(await smoke.look(500, next)).toMatchObject({ phase: "passed" });
  expect(smoke.asked).toBe(1);
});

test.each([
  [500, "web-1: GET /ready answered 500, not 200"],
  [
    new WindlassError("kubernetes-proxy-failed", "dial tcp: connection refused"),
    "web-1: GET /ready: dial tcp: connection refused",
  ],
  [new WindlassError("kubernetes-timeout", "not within 1 s"), "web-1: GET /ready: not within 1 s"],
])("what the replica answers, or does not, fails the check: %s", async (outcome, detail) => {
  expect(await new Smoke().look(outcome)).toEqual({ phase: "failed", detail });
});

test.each(["kubernetes-unreachable", "kubernetes-unauthorized", "kubernetes-busy"])(
  "an API server in trouble says nothing about the replica: after %s it is asked again",
  async (code) => {
    const smoke = new Smoke();
    expect(await smoke.look(new WindlassError(code, "not now"))).toMatchObject({ phase: "running" });
    expect(smoke.reported).toEqual(["not now"]);
    expect(await smoke.look(200)).toMatchObject({ phase: "passed" });
  },
);

test("a request that took too long because the whole server hangs is made again", async () => {
  const smoke = new Smoke();
  smoke.answers = false;
  expect(await smoke.look(new WindlassError("kubernetes-timeout", "not within 1 s"))).toMatchObject({
    phase: "running",
  });
  smoke.answers = true;
  expect(await smoke.look(200)).toMatchObject({ phase: "passed" });
});

test("a right that is missing is waited for half a minute, then it is told", async () => {
  const smoke = new Smoke();
  const forbidden = new WindlassError("kubernetes-forbidden", "cannot get pods/proxy");
  expect(await smoke.look(forbidden)).toMatchObject({ phase: "running" });
  smoke.now = 29_999;
  expect(await smoke.look(forbidden)).toMatchObject({ phase: "running" });
  smoke.now = 30_000;
  expect(await smoke.look(forbidden)).toEqual({
    phase: "failed",
    detail: "web-1: GET /ready: cannot get pods/proxy",
  });
});

import { describe, expect, test } from "vitest";
import { keepDeployment } from "../seen/deployment.js";
import { keepPod } from "../seen/pod.js";
import { Leaving } from "./leaving.js";

const labels = { "windlass.dev/service": "web", "windlass.dev/group": "r1" };
const pod = (name: string, phase: string, more: { deletionTimestamp?: string } = {}) =>
  keepPod({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop", labels, ...more }, status: { phase } });
const deployment = (replicas: number) =>
  keepDeployment({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", labels }, spec: { replicas } });

describe("pods that are about to go", () => {
  test("are there while one is being deleted, and for half a minute after", () => {
    const leaving = new Leaving();
    leaving.look([pod("a", "Running"), pod("b", "Running", { deletionTimestamp: "now" })], [deployment(1)]);
    expect(leaving.lately(1_000)).toBe(true);
    leaving.look([pod("a", "Running")], [deployment(1)]);
    expect(leaving.lately(30_000)).toBe(true);
    expect(leaving.lately(31_000)).toBe(false);
  });

  test("are there as soon as fewer are wanted", () => {
    const leaving = new Leaving();
    leaving.look([pod("a", "Running"), pod("b", "Running")], [deployment(1)]);
    expect(leaving.lately(0)).toBe(true);
  });

  test("are not those that were evicted and replaced", () => {
    const leaving = new Leaving();
    leaving.look([pod("a", "Failed"), pod("b", "Running")], [deployment(1)]);
    expect(leaving.lately(0)).toBe(false);
  });
});

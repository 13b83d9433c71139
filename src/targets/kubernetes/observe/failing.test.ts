import { describe, expect, test } from "vitest";
import { keepDeployment } from "../seen/deployment.js";
import { Failing } from "./failing.js";

const deployment = (message: string | null) =>
  keepDeployment({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web-1" },
    status: { conditions: message === null ? [] : [{ type: "ReplicaFailure", status: "True", message }] },
  });
/** Whether it stands at these seconds; null: nothing is told. */
const stands = (failing: Failing, message: string | null, ...seconds: number[]) =>
  seconds.map((second) => {
    const told = failing.hold([deployment(message)], second * 1_000).get("web-1");
    if (told !== undefined) expect(told.said).toBe(message);
    return told === undefined ? null : !told.passes;
  });

describe("why no pod can be made", () => {
  test.each([
    'pods "web-1-x" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2',
    'pods "web-1-x" is forbidden: violates PodSecurity "restricted:latest": host namespaces',
    'admission webhook "images.example.com" denied the request: unsigned',
    'pods "web-1-x" is forbidden: minimum memory usage per Container is 1Gi',
  ])("stands at once when somebody has to change something: %s", (message) => {
    expect(stands(new Failing(), message, 0)).toEqual([true]);
  });

  test.each([
    'pods is forbidden: User "system:serviceaccount:kube-system:replicaset-controller" cannot create resource "pods"',
    'Internal error occurred: failed calling webhook "images.example.com": no endpoints available for service "images"',
    "etcdserver: leader changed",
    'pods "web-1-x" is forbidden: error looking up service account shop/web: serviceaccount "web" not found',
  ])("is waited out for a minute when it may pass by itself: %s", (message) => {
    const failing = new Failing();
    expect(stands(failing, message, 0, 59)).toEqual([false, false]);
    expect(failing.pending).toBe(true);
    expect(stands(failing, message, 60, 61)).toEqual([true, true]);
    expect(failing.pending).toBe(false);
  });

  test("is waited out anew once pods could be made in between", () => {
    const failing = new Failing();
    expect(stands(failing, "etcdserver: no leader", 0)).toEqual([false]);
    expect(stands(failing, null, 30)).toEqual([null]);
    expect(stands(failing, "etcdserver: no leader", 70)).toEqual([false]);
  });
});

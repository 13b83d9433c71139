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
/** What is told at these seconds. */
const told = (failing: Failing, message: string | null, ...seconds: number[]) =>
  seconds.map((second) => failing.hold([deployment(message)], second * 1_000).get("web-1") ?? null);

describe("why no pod can be made", () => {
  test.each([
    'pods "web-1-x" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2',
    'pods "web-1-x" is forbidden: violates PodSecurity "restricted:latest": host namespaces',
    'admission webhook "images.example.com" denied the request: unsigned',
    'pods "web-1-x" is forbidden: minimum memory usage per Container is 1Gi',
  ])("is told at once when somebody has to change something: %s", (message) => {
    expect(told(new Failing(), message, 0)).toEqual([message]);
  });

  test.each([
    'pods is forbidden: User "system:serviceaccount:kube-system:replicaset-controller" cannot create resource "pods"',
    'Internal error occurred: failed calling webhook "images.example.com": no endpoints available for service "images"',
    "etcdserver: leader changed",
    'pods "web-1-x" is forbidden: error looking up service account shop/web: serviceaccount "web" not found',
  ])("is waited out for a minute when it may pass by itself: %s", (message) => {
    const failing = new Failing();
    expect(told(failing, message, 0, 59)).toEqual([null, null]);
    expect(failing.pending).toBe(true);
    expect(told(failing, message, 60, 61)).toEqual([message, message]);
    expect(failing.pending).toBe(false);
  });

  test("is waited out anew once pods could be made in between", () => {
    const failing = new Failing();
    told(failing, "etcdserver: no leader", 0);
    told(failing, null, 30);
    expect(told(failing, "etcdserver: no leader", 70)).toEqual([null]);
  });
});

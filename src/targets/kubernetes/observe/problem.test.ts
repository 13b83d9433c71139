import { describe, expect, test } from "vitest";
import { lastTrouble } from "../../../core/rollout/readiness.js";
import { keepPod } from "../seen/pod.js";
import { type GroupTrouble, troubleOf } from "./problem.js";

const QUIET: GroupTrouble = { failure: undefined, refusal: null, leftLately: false };
const waiting = (reason: string, message = "") =>
  keepPod({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-1", namespace: "shop" },
    status: { phase: "Pending", containerStatuses: [{ name: "web", state: { waiting: { reason, message } } }] },
  });

describe("why a group has no replicas", () => {
  test("is what the server refused, before anything else", () => {
    const failure = { said: "exceeded quota: pods", passes: false };
    expect(troubleOf([waiting("ImagePullBackOff")], { ...QUIET, failure, refusal: "denied by a policy" })).toEqual({
      problem: "denied by a policy",
    });
  });

  test("is that no pod can be made", () => {
    const failure = { said: "exceeded quota: pods", passes: false };
    expect(troubleOf([], { ...QUIET, failure })).toEqual({ problem: "no pod can be made: exceeded quota: pods" });
  });

  test.each([
    ["it passes by itself", { failure: { said: "etcdserver: no leader", passes: true }, leftLately: false }],
    ["a quota has room again soon", { failure: { said: "exceeded quota: pods", passes: false }, leftLately: true }],
  ])("is told and waited for when %s", (_when, trouble) => {
    const told = troubleOf([], { ...QUIET, ...trouble });
    const late = `no pod can be made: ${trouble.failure.said}`;
    expect(told).toEqual({ problem: null, late });
    // What `windlass status` shows beside the number of replicas that are ready.
    expect(lastTrouble({ digest: "d", replicas: [], inFlight: 0, ...told }).sentence).toBe(late);
  });

  test("is an image that cannot be pulled, with what helps when the registry asks for a login", () => {
    expect(troubleOf([waiting("ImagePullBackOff", "manifest unknown")], QUIET).problem).toBe(
      "web-1: ImagePullBackOff: manifest unknown",
    );
    expect(troubleOf([waiting("ImagePullBackOff", "401 Unauthorized")], QUIET).problem).toContain("`pullSecret`");
  });

  test("is not yet known when an image could not be pulled once", () => {
    expect(troubleOf([waiting("ErrImagePull", "i/o timeout")], QUIET)).toEqual({ problem: null });
  });
});

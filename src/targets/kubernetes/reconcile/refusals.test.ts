import { describe, expect, it } from "vitest";
import { WindlassError } from "../../../error.js";
import type { RenderedObject } from "../../../render/kubernetes/object.js";
import { Refusals } from "./refusals.js";

const DEPLOYMENT: RenderedObject = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } };
const FORBIDDEN = new WindlassError("kubernetes-forbidden", 'User "windlass" cannot patch deployments');
const LEADERLESS = new WindlassError("kubernetes-refused", "etcdserver: no leader", { retry: "safe" });
const WEBHOOK = new WindlassError("kubernetes-admission", "failed calling webhook", { retry: "safe" });
const POLICY = new WindlassError("kubernetes-admission", "denied by a policy");
const QUOTA = new WindlassError("kubernetes-quota", "exceeded quota", { retry: "safe" });

/** Refusals of one object, as it is sent at these seconds. */
function refusing() {
  let now = 0;
  const refusals = new Refusals(() => now);
  const stands = (second: number, error: WindlassError, digest = "d1"): boolean => {
    now = second * 1_000;
    return refusals.stands("Deployment/web", digest, DEPLOYMENT, error);
  };
  const holds = (second: number, digest = "d1"): boolean => {
    now = second * 1_000;
    return refusals.holds("Deployment/web", digest);
  };
  return { refusals, stands, holds };
}

describe("what an API server refuses", () => {
  it.each([
    ["a rule of the cluster", POLICY],
    ["a quota, which may have room later, but whoever waits is to know", QUOTA],
  ])("stands at once when it is %s", (_what, error) => {
    const { stands, refusals } = refusing();
    expect(stands(0, error)).toBe(true);
    expect([...refusals.values()]).toMatchObject([{ error, object: DEPLOYMENT }]);
  });

  it.each([
    ["a server that has just started and knows nobody's rights", FORBIDDEN],
    ["an etcd without a leader", LEADERLESS],
    ["a webhook that does not answer", WEBHOOK],
  ])("is waited out for half a minute when it is %s", (_what, error) => {
    const { stands, refusals } = refusing();
    expect([0, 1, 29].map((second) => stands(second, error))).toEqual([false, false, false]);
    expect(refusals.size).toBe(0);
    expect(stands(30, error)).toBe(true);
    expect(refusals.size).toBe(1);
  });

  it("is waited out anew after something was taken in between", () => {
    const { stands, refusals } = refusing();
    stands(0, FORBIDDEN);
    refusals.forget("Deployment/web");
    expect(stands(40, FORBIDDEN)).toBe(false);
  });

  it("is not asked again for the same at once, but for something else", () => {
    const { stands, holds } = refusing();
    stands(0, POLICY);
    expect([holds(1), holds(29), holds(30), holds(1, "d2")]).toEqual([true, true, false, false]);
  });

  it("stands on while it is asked again", () => {
    const { stands, refusals } = refusing();
    stands(0, FORBIDDEN);
    stands(30, FORBIDDEN);
    expect(stands(61, FORBIDDEN, "d2")).toBe(true);
    expect(refusals.size).toBe(1);
  });
});

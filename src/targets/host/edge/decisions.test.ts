import fc from "fast-check";
import { expect, test } from "vitest";
import { isGatewayFailure, judge, type OutlierEvent, SOUND } from "./outlier.js";
import { fallbacks, pickReplica } from "./pick.js";
import { mayRetry } from "./retry.js";

const replica = (
  name: string,
  over: Partial<{ ready: boolean; draining: boolean; out: boolean; inFlight: number }> = {},
) => ({
  name,
  ready: true,
  draining: false,
  out: false,
  inFlight: 0,
  ...over,
});

test("the replica with the fewest requests in flight gets the next one; equals take turns", () => {
  const replicas = [replica("a", { inFlight: 2 }), replica("b"), replica("c")];
  expect([0, 1, 2, 3, 4].map((start) => pickReplica(replicas, start, null)?.name)).toEqual(["b", "b", "c", "b", "b"]);
});

test("never one that is not ready, drains, or has been tried; one that is out only when all are", () => {
  const candidate = fc.record({ ready: fc.boolean(), draining: fc.boolean(), out: fc.boolean(), inFlight: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(candidate, { maxLength: 6 }), fc.nat(20), (replicas, start) => {
      const usable = replicas.filter((one) => one.ready && !one.draining);
      const picked = pickReplica(replicas, start, null);
      if (usable.length === 0) return picked === null;
      if (picked === null || !usable.includes(picked)) return false;
      if (picked.out && !usable.every((one) => one.out)) return false;
      return pickReplica(replicas, start, replicas) === null;
    }),
  );
});

test("when a group has nobody left, the others with a weight are asked, heaviest first", () => {
  expect(fallbacks(1, [20, 10, 70, 0])).toEqual([2, 0]);
});

test("out after n failures in a row, in again after m successes in a row", () => {
  const policy = { outAfterFailures: 3, inAfterSuccesses: 2 };
  const after = (...events: OutlierEvent[]) => events.reduce((state, event) => judge(state, event, policy), SOUND);
  expect(after("failure", "failure", "success", "failure", "failure").out).toBe(false);
  const out = after("failure", "failure", "failure");
  expect(out.out).toBe(true);
  expect(judge(judge(out, "probe-success", policy), "probe-failure", policy).out).toBe(true);
  expect(judge(judge(out, "probe-success", policy), "probe-success", policy)).toEqual(SOUND);
});

test("a 500 is the application's answer; 502, 503 and 504 are a replica that cannot answer", () => {
  expect([500, 501, 502, 503, 504].map(isGatewayFailure)).toEqual([false, false, true, true, true]);
});

test("sent again: anything that never left, else only what is idempotent and still whole", () => {
  const attempt = { method: "GET", hasBody: false, sent: true, timedOut: false, retriesLeft: 1 };
  expect(mayRetry(attempt)).toBe(true);
  expect(mayRetry({ ...attempt, method: "POST" })).toBe(false);
  expect(mayRetry({ ...attempt, method: "POST", sent: false, hasBody: true })).toBe(true);
  expect(mayRetry({ ...attempt, method: "PUT", hasBody: true })).toBe(false);
  expect(mayRetry({ ...attempt, timedOut: true })).toBe(false);
  expect(mayRetry({ ...attempt, sent: false, retriesLeft: 0 })).toBe(false);
});

import { expect, test } from "vitest";
import type { ServiceObservation } from "../../../core/model/observation.js";
import { Settling } from "./settling.js";

const web = (weights: Record<string, number> | null): Record<string, ServiceObservation> => ({
  web: { groups: {}, weights, routed: weights === null ? null : [], port: null },
});

test("weights count a moment after they were first seen, and anew after each change", () => {
  const settling = new Settling();
  expect(settling.hold(web({ r1: 100 }), 1_000).web?.weights).toBeNull();
  expect(settling.pending).toBe(true);
  expect(settling.hold(web({ r1: 100 }), 1_500).web?.weights).toEqual({ r1: 100 });
  expect(settling.pending).toBe(false);
  expect(settling.hold(web({ r1: 90, r2: 10 }), 1_600).web?.weights).toBeNull();
  expect(settling.hold(web({ r1: 90, r2: 10 }), 2_099).web?.weights).toBeNull();
  expect(settling.hold(web({ r1: 90, r2: 10 }), 2_100).web?.weights).toEqual({ r1: 90, r2: 10 });
  expect(settling.hold(web(null), 2_200).web?.weights).toBeNull();
  expect(settling.pending).toBe(false);
});

test("a group's first ready replica is a change, too: the route was there before it", () => {
  const settling = new Settling();
  const replica = { id: "web-1", restarts: 0, crashLoop: false, lastExit: null, probe: null, port: null, pid: null };
  const seen = (phase: "starting" | "ready"): Record<string, ServiceObservation> => {
    const group = { digest: "sha256:0", replicas: [{ ...replica, phase }], inFlight: 0, problem: null };
    return { web: { groups: { r1: group }, weights: { r1: 100 }, routed: [], port: null } };
  };
  settling.hold(seen("starting"), 1_000);
  expect(settling.hold(seen("starting"), 5_000).web?.weights).toEqual({ r1: 100 });
  expect(settling.hold(seen("ready"), 5_100).web?.weights).toBeNull();
  expect(settling.hold(seen("ready"), 5_600).web?.weights).toEqual({ r1: 100 });
});

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

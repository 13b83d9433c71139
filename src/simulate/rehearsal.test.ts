import { describe, expect, test } from "vitest";
import { environment, service } from "../../test/simulation/system.js";
import type { CompiledAnalysis, CompiledService, TooLittleData } from "../spec/compiled.js";
import { PastHours } from "./past-hours.js";
import { type RehearsalOptions, rehearse } from "./rehearsal.js";

const MINUTE = 60_000;
const COMPARED: CompiledAnalysis = {
  falseAlarms: 0.01,
  falsePasses: 0.05,
  signals: [
    { name: "errors", margin: { fail: 0, pass: 0.005 }, objective: null, source: { kind: "errors" } },
    { name: "slow", margin: { fail: 0.01, pass: 0.03 }, objective: null, source: { kind: "slow", slowerThanMs: null } },
  ],
};
const GUARD = { signal: "errors", above: 0.05, forMs: 10_000, minSamples: 20, slowMs: null } as const;

function web(options: Partial<CompiledService> = {}): CompiledService {
  const stages = [
    { share: 10, minMs: 2 * MINUTE, maxMs: 5 * MINUTE },
    { share: 50, minMs: 2 * MINUTE, maxMs: 5 * MINUTE },
  ];
  const strategy = { kind: "canary", stages, routes: [], sticky: null, keepOldMs: 0 } as const;
  return service("web", { replicas: 3, guards: [GUARD], strategy, ...options });
}

interface Changes extends Partial<RehearsalOptions> {
  readonly rps?: number;
  readonly of?: CompiledService;
}

function optionsOf(errors: number, { rps = 50, of = web(), ...rest }: Changes): RehearsalOptions {
  return {
    environment: environment([of]),
    service: "web",
    traffic: { requestsPerSecond: rps, base: { errors: 0.001, slow: 0 }, harm: { errors, slow: 0 }, burstMs: null },
    seed: 1,
    historyMs: 10 * MINUTE,
    ...rest,
  };
}

function rollout(errors: number, changes: Changes = {}) {
  return rehearse(optionsOf(errors, changes));
}

test("a release that answers nothing but errors is caught in the first stage, and every request to it is harmed", async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { outcome, stages, turned, requests, harmed } = await rollout(1, { seed });
    expect(outcome).toBe("hauled-back");
    expect(stages).toHaveLength(1);
    expect(stages[0]).toMatchObject({ share: 10, end: "fail" });
    expect(turned).toMatchObject({ stage: 0, kind: "verdict", signals: ["errors"] });
    expect(harmed).toBe(requests);
    expect(requests).toBeGreaterThan(0);
  }
});

test("a release without harm goes through its stages, and nobody is harmed", async () => {
  const { outcome, stages, turned, requests, harmed, totalMs } = await rollout(0);
  expect(outcome).toBe("succeeded");
  expect(stages.map(({ share, end }) => [share, end])).toEqual([
    [10, "pass"],
    [50, "pass"],
    [100, "time"],
  ]);
  expect(turned).toBeNull();
  expect(harmed).toBe(0);
  // 10 % and then 50 % of 50 requests/s, two minutes each, and the seconds in between.
  expect(requests).toBeGreaterThan(3_300);
  expect(requests).toBeLessThan(4_200);
  expect(totalMs).toBeGreaterThan(4 * MINUTE);
  expect(totalMs).toBeLessThan(4.2 * MINUTE);
});

test("the same options tell the same rollout, another seed another one", async () => {
  const first = await rollout(0.5, { seed: 7 });
  expect(await rollout(0.5, { seed: 7 })).toEqual(first);
  expect((await rollout(0.5, { seed: 8 })).requests).not.toBe(first.requests);
});

test("what was learned in an hour need not be learned again: the rollout after it is the same", async () => {
  const past = new PastHours();
  const of = web({ analysis: COMPARED, guards: [] });
  for (const [seed, errors] of [
    [1, 0.02],
    [2, 0.02],
    [3, 0],
  ] as const) {
    const options = optionsOf(errors, { seed, historySeed: 9, of, historyMs: 60 * MINUTE });
    expect(await rehearse(options, past)).toEqual(await rehearse(options));
  }
  expect(past.of(9)).not.toBeNull();
});

describe("with too few requests for a verdict, the spec decides", () => {
  const ends: readonly [TooLittleData, string, string][] = [
    ["hold", "held", "hold"],
    ["abort", "hauled-back", "abort"],
    ["continue", "succeeded", "continue"],
  ];
  for (const [onTooLittleData, outcome, end] of ends)
    test(onTooLittleData, async () => {
      const few = await rollout(0, { rps: 0.2, of: web({ onTooLittleData }) });
      expect(few.outcome).toBe(outcome);
      expect(few.stages[0]).toMatchObject({ share: 10, end });
      expect(few.stages[0]?.observedMs).toBeGreaterThanOrEqual(5 * MINUTE - 1000);
      expect(few.turned?.kind ?? null).toBe(onTooLittleData === "abort" ? "too-little-data" : null);
    });
});

test("bursts of single replicas come out of the same seed, too, and do not count as harm", async () => {
  const traffic = { requestsPerSecond: 50, base: { errors: 0.001, slow: 0 }, burstMs: 10_000 };
  const stormy = { traffic: { ...traffic, harm: { errors: 0, slow: 0 } } };
  const first = await rollout(0, stormy);
  expect(first.harmed).toBe(0);
  expect(await rollout(0, stormy)).toEqual(first);
});

describe("where there are no stages, all requests go to the new release at once", () => {
  const strategies: readonly CompiledService["strategy"][] = [
    { kind: "rolling", maxSurge: 1, maxUnavailable: 0, observeMs: MINUTE },
    {
      kind: "blue-green",
      smoke: [{ kind: "http", path: "/ready", status: 200, timeoutMs: 1_000 }],
      observeMs: MINUTE,
      keepOldMs: 0,
    },
  ];
  for (const strategy of strategies)
    test(strategy.kind, async () => {
      const of = web({ strategy });
      expect(await rollout(0, { of })).toMatchObject({ outcome: "succeeded", stages: [{ share: 100, end: "pass" }] });
      const harmful = await rollout(1, { of });
      expect(harmful).toMatchObject({ outcome: "hauled-back", turned: { stage: 0, kind: "verdict" } });
      expect(harmful.harmed).toBe(harmful.requests);
    });
});

test("a worker answers no requests, so there is nothing to rehearse", async () => {
  await expect(rollout(0, { of: web({ listen: null }) })).rejects.toMatchObject({ code: "cli-simulate-worker" });
});

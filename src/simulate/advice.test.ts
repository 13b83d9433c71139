import { expect, test } from "vitest";
import { environment, service } from "../../test/simulation/system.js";
import type { CompiledAnalysis, CompiledService } from "../spec/compiled.js";
import { adviseOn } from "./advice.js";
import { type Harm, harmOf, NO_HARM } from "./harm.js";
import { BASE } from "./measure.js";
import { Probe } from "./probe.js";
import { roughly } from "./roughly.js";
import type { StageEnd } from "./stage.js";
import { quantilesOf, shareOf } from "./statistics.js";
import type { HarmStudy, Rehearsed, Study } from "./study.js";

const MINUTE = 60_000;
const COMPARED: CompiledAnalysis = {
  falseAlarms: 0.01,
  falsePasses: 0.05,
  signals: [
    { name: "errors", margin: { fail: 0, pass: 0.005 }, objective: null, source: { kind: "errors" } },
    { name: "slow", margin: { fail: 0.01, pass: 0.03 }, objective: null, source: { kind: "slow", slowerThanMs: null } },
  ],
};

function canary(maxMs: number, analysis: CompiledAnalysis | null = COMPARED): CompiledService {
  const stages = [{ share: 10, minMs: MINUTE, maxMs }];
  const strategy = { kind: "canary", stages, routes: [], sticky: null, keepOldMs: 0 } as const;
  return service("web", { replicas: 4, strategy, analysis });
}

/** Twenty rehearsals, of which the first stage ended so many times in each way. */
function results(about: Rehearsed, ...harms: readonly (readonly [Harm, Partial<Record<StageEnd, number>>])[]): Study {
  const studies = harms.map(([harm, ends]): HarmStudy => {
    const never = quantilesOf([], 0);
    const stage = { share: 10, caught: shareOf(ends.fail ?? 0, 20), passed: shareOf(ends.pass ?? 0, 20), ends };
    const times = { detectMs: never, harmed: never, totalMs: never };
    return { harm, runs: 20, caught: stage.caught, stages: [stage], outcomes: {}, ...times };
  });
  const { service, conditions, seed } = about;
  return { service, environment: "production", conditions, seed, harms: studies };
}

function about(requestsPerSecond: number, of: CompiledService): Rehearsed {
  const conditions = { requestsPerSecond, base: BASE, burstMs: null };
  return { environment: environment([of]), service: "web", conditions, seed: 1 };
}

const POINT = harmOf("+1%", BASE);

test("a stage that is blind hears of the smallest share that is not, and how long it takes there", () => {
  const here = about(3, canary(30 * MINUTE));
  const [first, ...others] = adviseOn(here, results(here, [NO_HARM, { pass: 20 }], [POINT, { hold: 20 }]));
  expect(others).toEqual([]);
  expect(first).toMatchObject({ kind: "blind-stage", searched: true });
  expect(first?.sentence).toMatch(
    /^with 3 requests\/s the 10 % stage cannot see \+1 point of errors in its 30 min; at \d+ % it takes about \d+ min; at 10 % it takes about \d+ min$/,
  );
});

test("where all requests go at once there is nothing beside them; a canary's stage would see", () => {
  const strategy = { kind: "blue-green", smoke: [], observeMs: MINUTE, keepOldMs: 0 } as const;
  const here = about(100, { ...canary(MINUTE), strategy });
  const [first, ...others] = adviseOn(here, results(here, [NO_HARM, { hold: 20 }], [POINT, { pass: 20 }]));
  expect(others).toEqual([]);
  expect(first?.sentence).toMatch(
    /the 100 % stage cannot see \+1 point of errors in its 2 min: nothing runs beside it .*; a canary's stage of \d+ % takes about [\d.]+ (s|min)$/,
  );
});

test("with hardly any requests it says that nothing helps", () => {
  const here = about(0.05, canary(5 * MINUTE));
  const [first] = adviseOn(here, results(here, [NO_HARM, { pass: 20 }], [POINT, { hold: 20 }]));
  expect(first?.sentence).toContain("neither does any share up to 50 %, nor 30 min at 10 %");
});

test("a stage that cannot pass in its time hears how long is needed, and what happens until then", () => {
  const here = about(3, canary(10 * MINUTE));
  const [first] = adviseOn(here, results(here, [NO_HARM, { hold: 18, pass: 2 }], [POINT, { fail: 20 }]));
  expect(first).toMatchObject({ kind: "slow-pass", searched: true });
  expect(first?.sentence).toMatch(
    /^the first stage \(10 %\) mostly does not pass within its max of 10 min: about [\d.]+ (min|h) are needed; without, it holds for a person$/,
  );
});

test("more false alarms than the spec allows are said, fewer are not", () => {
  const here = about(200, canary(10 * MINUTE));
  const [first] = adviseOn(here, results(here, [NO_HARM, { fail: 4, pass: 16 }], [POINT, { fail: 20 }]));
  expect(first).toMatchObject({ kind: "false-alarms", searched: false });
  expect(first?.sentence).toMatch(/^4 of 20 releases without harm were hauled back, more than the 1 %/);
  expect(adviseOn(here, results(here, [NO_HARM, { fail: 1, pass: 19 }], [POINT, { fail: 20 }]))).toEqual([]);
});

test("a harm within the margin is allowed, so nothing is searched that would find it", () => {
  const margin = { fail: 0.002, pass: 0.005 };
  const errors = { name: "errors", margin, objective: null, source: { kind: "errors" } } as const;
  const here = about(200, canary(10 * MINUTE, { ...COMPARED, signals: [errors] }));
  const harms = ["errors=0.3%", "slow=+5%"].map((text) => [harmOf(text, BASE), { pass: 20 }] as const);
  const advice = adviseOn(here, results(here, [NO_HARM, { pass: 20 }], ...harms));
  expect(advice.map(({ sentence }) => sentence)).toEqual([
    "0.3 % errors is what the spec allows: margin.fail of errors is 0.2 %",
    "+5 points of slow requests: nothing compares slow requests, guards and time alone decide",
  ]);
});

test("without an analysis there is nothing to search, and it says why", () => {
  const here = about(200, canary(10 * MINUTE, null));
  const advice = adviseOn(here, results(here, [NO_HARM, { pass: 20 }], [POINT, { pass: 20 }]));
  expect(advice.map(({ kind }) => kind)).toEqual(["no-comparison"]);
});

test("what coarse rehearsals find does not depend on what was tried before", () => {
  const here = about(20, canary(10 * MINUTE));
  const probe = () => new Probe(here, canary(10 * MINUTE), COMPARED);
  const used = probe();
  const ask = (of: Probe) => of.timeTo("fail", POINT, 25, 60 * MINUTE, 0.5);
  expect(ask(used)).not.toBeNull();
  expect(ask(used)).toBe(ask(probe()));
});

test("times are said as people say them", () => {
  const said = [400, 41_400, 89_000, 22 * MINUTE + 9_000, 60 * MINUTE, 89 * MINUTE, 150 * MINUTE, 3_000 * MINUTE];
  expect(said.map(roughly)).toEqual(["1 s", "41 s", "89 s", "22 min", "1 h", "89 min", "2.5 h", "2 days"]);
});

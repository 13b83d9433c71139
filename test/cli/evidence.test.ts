import { expect, test } from "vitest";
import type { ComparisonEvidence, Judgement, SignalJudgement } from "../../src/core/model/judgement.js";
import type { EnvironmentView } from "../../src/engine/view.js";
import { expectGolden } from "./golden.js";
import { canary, event, NOW, R1, R2, resting } from "./views.js";
import { World } from "./world.js";

const evidence: ComparisonEvidence = {
  level: { fail: 0.0045, pass: 0.05 },
  margin: { fail: 0.001, pass: 0.005 },
  evidence: { fail: -0.7, pass: Math.log(4.1) },
  needed: { fail: Math.log(222), pass: Math.log(20) },
  rates: {
    stable: { low: 0.0005, high: 0.0021 },
    canary: { low: 0, high: 0.0088 },
    difference: { low: -0.0025, high: 0.0092 },
  },
  seconds: 118,
  warmUp: { ms: 12_000, requests: 41 },
  discount: 1.4,
  slowerThanMs: null,
  outlook: "a pass takes about 4 min more at this traffic; harm of 1 points more would be found within an hour",
};

const open: SignalJudgement = {
  signal: "errors",
  verdict: "inconclusive",
  canary: { bad: 1, total: 1_204 },
  stable: { bad: 11, total: 10_980 },
  sentence: "1 of 1204 requests failed (0.08 %), stable 0.1 %: not decided yet",
  comparison: evidence,
};

const harmful: SignalJudgement = {
  ...open,
  verdict: "fail",
  canary: { bad: 31, total: 1_204 },
  sentence: "31 of 1204 requests failed (2.6 %), stable 0.1 %: worse by more than 0.1 points",
  comparison: {
    ...evidence,
    evidence: { fail: Math.log(344), pass: -60 },
    rates: { ...evidence.rates, canary: { low: 0.016, high: 0.041 }, difference: { low: 0.013, high: 0.041 } },
    warmUp: { ms: 0, requests: 0 },
    discount: 1,
    outlook: "decided",
  },
};

const guard: SignalJudgement = {
  signal: "restarts",
  verdict: "pass",
  canary: { bad: 0, total: 0 },
  stable: null,
  sentence: "0 restarts in 60 s (limit 2)",
};

function judgement(...signals: SignalJudgement[]): Judgement {
  const [first] = signals;
  return { verdict: first?.verdict ?? "pass", signals, sentence: first?.sentence ?? "" };
}

function observed(): EnvironmentView {
  const view = canary();
  return { ...view, services: view.services.map((one) => ({ ...one, judgement: judgement(open, guard) })).slice(0, 1) };
}

function hauledBack(): EnvironmentView {
  const { sentence } = harmful;
  return resting({
    deployment: {
      ...(canary().deployment ?? expect.fail()),
      finishedAt: NOW - 5_000,
      outcome: "rolled-back",
      cause: { kind: "verdict", service: "api", sentence, exit: null, judgement: judgement(harmful, guard) },
    },
    holds: [{ revision: R2, reason: sentence, by: "engine", at: NOW }],
    before: R1,
  });
}

test("why shows what was counted, the evidence with what decides, and what it would take", async () => {
  const world = new World();
  world.plane.views = [observed()];
  expectGolden("why compared", (await world.run("why")).out);
  world.plane.views = [hauledBack()];
  expectGolden("why hauled back", (await world.run("why")).out);
});

test("why as JSON has every number", async () => {
  const world = new World();
  world.plane.views = [observed()];
  const { judged } = JSON.parse((await world.run("why", "--json")).out);
  expect(judged).toEqual([{ service: "api", judgement: judgement(open, guard) }]);
});

test("status has it in short; a guard says all in its sentence", async () => {
  const world = new World();
  world.plane.views = [observed(), hauledBack()];
  expectGolden("status compared", (await world.run("status")).out);
});

test("on a narrow terminal without UTF-8 it fits", async () => {
  const world = new World();
  world.terminal = { live: true, colour: false, unicode: false, columns: () => 44, rows: () => 24 };
  world.plane.views = [observed()];
  const { out } = await world.run("why");
  expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(44);
  expect(/^[ -~\n]*$/.test(out)).toBe(true);
  expectGolden("why compared narrow", out);
});

test("what a source without requests says is not dressed up as evidence", async () => {
  const world = new World();
  const silent: SignalJudgement = { ...open, verdict: "no-data", canary: { bad: 0, total: 0 } };
  const view = canary();
  world.plane.views = [
    { ...view, services: [{ ...(view.services[0] ?? expect.fail()), judgement: judgement(silent) }] },
  ];
  expect((await world.run("why")).out).not.toContain("decides");
});

test("the history says how strong the evidence was", async () => {
  const world = new World();
  world.plane.views = [hauledBack()];
  const data = { deployment: "d2", service: "api", stage: 0, judgement: judgement(harmful, guard) };
  world.plane.events = [event(1, { type: "stage.judged@1", data })];
  expect((await world.run("history", "--events")).out).toContain("[1 : 340; 1 : 220 decides]");
});

import { describe, expect, test } from "vitest";
import type { Judgement, Verdict } from "../model/judgement.js";
import type { ProgressionState } from "../model/state.js";
import { beginProgression, type Gate, type ProgressionInput, stepProgression } from "./step.js";

const stages = [
  { share: 10, minMs: 1_000, maxMs: 5_000 },
  { share: 100, minMs: 1_000, maxMs: 5_000 },
];
const begun = beginProgression(stages, 0);
const observing: ProgressionState = { ...begun, stage: 0, enteredAt: 0, observingSince: 0 };

function judged(verdict: Verdict): Judgement {
  return { verdict, signals: [], sentence: `it is ${verdict}` };
}

function at(now: number, changes: Partial<ProgressionInput> = {}): ProgressionInput {
  return { now, inForce: true, judgement: null, paused: false, gates: [], onTooLittleData: "hold", ...changes };
}

const freeze: Gate = { name: "freeze", open: false, sentence: "frozen", until: 9_000 };

describe("a progression", () => {
  test("enters the first stage, waits for its share, observes it, and goes on when its time is over", () => {
    expect(stepProgression(begun, at(0))).toEqual({ kind: "enter", stage: 0 });
    const entered = { ...begun, stage: 0 };
    expect(stepProgression(entered, at(0, { inForce: false }))).toEqual({ kind: "wait", reason: { kind: "share" } });
    expect(stepProgression(entered, at(0))).toEqual({ kind: "observe" });
    expect(stepProgression(observing, at(999))).toEqual({ kind: "wait", reason: { kind: "time", until: 1_000 } });
    expect(stepProgression(observing, at(1_000))).toEqual({ kind: "enter", stage: 1 });
    expect(stepProgression({ ...observing, stage: 1 }, at(1_000))).toEqual({ kind: "complete" });
    expect(stepProgression({ ...observing, stage: 2 }, at(1_000))).toEqual({ kind: "complete" });
  });

  test("fails by a verdict at any time, paused, behind a gate and advanced, but not before its first stage", () => {
    const bad = at(1, { judgement: judged("fail"), paused: true, gates: [freeze], inForce: false });
    const failed = { kind: "fail", why: "verdict", sentence: "it is fail" };
    expect(stepProgression(observing, bad)).toEqual(failed);
    expect(stepProgression({ ...observing, advance: "full" }, bad)).toEqual(failed);
    expect(stepProgression(begun, { ...bad, gates: [] })).toEqual({ kind: "wait", reason: { kind: "paused" } });
  });

  test.each(["inconclusive", "no-data", "provider-error"] as const)(
    "%s holds it to the deadline; then the spec decides",
    (verdict) => {
      const judgement = judged(verdict);
      expect(stepProgression(observing, at(4_999, { judgement, onTooLittleData: "abort" }))).toEqual({
        kind: "wait",
        reason: { kind: "verdict", verdict, until: 5_000, otherwise: "abort" },
      });
      const end = (onTooLittleData: "hold" | "abort" | "continue") =>
        stepProgression(observing, at(5_000, { judgement, onTooLittleData }));
      expect(end("continue")).toEqual({ kind: "enter", stage: 1 });
      expect(end("abort")).toMatchObject({ kind: "fail", why: "too-little-data" });
      expect(end("hold")).toEqual({
        kind: "wait",
        reason: { kind: "verdict", verdict, until: null, otherwise: "hold" },
      });
      expect(stepProgression(observing, at(9_000, { judgement: judged("pass") }))).toEqual({ kind: "enter", stage: 1 });
    },
  );

  test("a pause and a closed gate keep a stage from beginning, and nothing else", () => {
    expect(stepProgression(observing, at(1_000, { paused: true }))).toEqual({
      kind: "wait",
      reason: { kind: "paused" },
    });
    expect(stepProgression(observing, at(1_000, { gates: [freeze] }))).toEqual({
      kind: "wait",
      reason: { kind: "gate", gate: freeze },
    });
    expect(stepProgression({ ...observing, stage: 1 }, at(1_000, { gates: [freeze] }))).toEqual({ kind: "complete" });
    expect(stepProgression(observing, at(1_000, { gates: [{ ...freeze, open: true }] }))).toMatchObject({ stage: 1 });
  });

  test("advance replaces time, verdict and pause, never the share being in force", () => {
    const advanced: ProgressionState = { ...observing, advance: "next" };
    const judgement = judged("no-data");
    expect(stepProgression(advanced, at(1, { judgement, paused: true }))).toEqual({ kind: "enter", stage: 1 });
    expect(stepProgression(advanced, at(1, { inForce: false }))).toEqual({ kind: "wait", reason: { kind: "share" } });
    expect(stepProgression(advanced, at(1, { gates: [freeze] }))).toMatchObject({ reason: { kind: "gate" } });
  });

  test("advance to the end enters the last stage at once, from any stage", () => {
    expect(stepProgression({ ...begun, advance: "full" }, at(0))).toEqual({ kind: "enter", stage: 1 });
    expect(stepProgression({ ...observing, advance: "full" }, at(1, { inForce: false }))).toEqual({
      kind: "enter",
      stage: 1,
    });
    expect(stepProgression({ ...observing, stage: 1, advance: "full" }, at(1))).toEqual({ kind: "complete" });
  });
});

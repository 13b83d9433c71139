import type { TooLittleData } from "../../spec/compiled.js";
import type { Judgement, Verdict } from "../model/judgement.js";
import type { ProgressionState } from "../model/state.js";

/** A condition on entering a stage: a freeze, a window, an approval. */
export interface Gate {
  readonly name: string;
  readonly open: boolean;
  /** Why it is closed and what opens it, as one sentence. */
  readonly sentence: string;
  /** Engine time at which it may change; null: a person changes it. */
  readonly until: number | null;
}

export interface ProgressionInput {
  /** Engine milliseconds. */
  readonly now: number;
  /** The stage's share is what clients (or vehicles) really get now. */
  readonly inForce: boolean;
  /** Null: nothing watches this progression, time alone decides. */
  readonly judgement: Judgement | null;
  readonly paused: boolean;
  readonly gates: readonly Gate[];
  readonly onTooLittleData: TooLittleData;
}

export type ProgressionStep =
  | { readonly kind: "enter"; readonly stage: number }
  | { readonly kind: "observe" }
  | { readonly kind: "complete" }
  | { readonly kind: "fail"; readonly why: "verdict" | "too-little-data"; readonly sentence: string }
  | { readonly kind: "wait"; readonly reason: WaitReason };

export type WaitReason =
  | { readonly kind: "share" }
  | { readonly kind: "time"; readonly until: number }
  | {
      readonly kind: "verdict";
      readonly verdict: Verdict;
      readonly until: number | null;
      readonly otherwise: TooLittleData;
    }
  | { readonly kind: "paused" }
  | { readonly kind: "gate"; readonly gate: Gate };

export function beginProgression(stages: ProgressionState["stages"], now: number): ProgressionState {
  return { stages, stage: -1, enteredAt: now, observingSince: null, advance: null, judged: null };
}

/**
 * share → observe → verdict → next share: the one implementation, for rollouts and campaigns.
 * Pure; says the next step only. A failing verdict wins over everything; a person's `advance` replaces time and
 * verdict, never the share being in force (rules 5, 7, 15).
 */
export function stepProgression(state: ProgressionState, input: ProgressionInput): ProgressionStep {
  const verdict = input.judgement?.verdict ?? "pass";
  if (state.stage >= 0 && verdict === "fail")
    return { kind: "fail", why: "verdict", sentence: input.judgement?.sentence ?? "the verdict is fail" };
  if (state.stage < 0) return enter(state, state.advance === "full" ? state.stages.length - 1 : 0, input);
  const stage = state.stages[state.stage];
  if (stage === undefined) return { kind: "complete" };
  if (state.advance === "full" && state.stage < state.stages.length - 1)
    return enter(state, state.stages.length - 1, input);
  if (!input.inForce) return { kind: "wait", reason: { kind: "share" } };
  if (state.observingSince === null) return { kind: "observe" };
  if (state.advance !== null) return enter(state, state.stage + 1, input);

  const observed = input.now - state.observingSince;
  if (observed < stage.minMs) return wait({ kind: "time", until: state.observingSince + stage.minMs });
  // A stage without any time is only a share to arrive at: a verdict has nothing to be about (fail was seen above).
  if (verdict === "pass" || stage.maxMs === 0) return enter(state, state.stage + 1, input);

  const deadline = state.observingSince + stage.maxMs;
  if (input.now < deadline)
    return wait({ kind: "verdict", verdict, until: deadline, otherwise: input.onTooLittleData });
  switch (input.onTooLittleData) {
    case "continue":
      return enter(state, state.stage + 1, input);
    case "abort":
      return {
        kind: "fail",
        why: "too-little-data",
        sentence: `no verdict by the end of the stage (${input.judgement?.sentence ?? verdict})`,
      };
    case "hold":
      return wait({ kind: "verdict", verdict, until: null, otherwise: "hold" });
  }
}

function wait(reason: WaitReason): ProgressionStep {
  return { kind: "wait", reason };
}

/** Pause and gates stop a stage from beginning, nothing else. The end is not a stage. */
function enter(state: ProgressionState, stage: number, input: ProgressionInput): ProgressionStep {
  if (input.paused && state.advance === null) return wait({ kind: "paused" });
  if (stage >= state.stages.length) return { kind: "complete" };
  const closed = input.gates.find((gate) => !gate.open);
  if (closed !== undefined) return wait({ kind: "gate", gate: closed });
  return { kind: "enter", stage };
}

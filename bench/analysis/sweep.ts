import { decided } from "./report/judged.js";
import { carryOut } from "./report/studies.js";
import type { Study } from "./report/study.js";
import { RIVALS } from "./rivals/all.js";
import { TRACES, type TraceName } from "./traces.js";

export const BASES = [0.001, 0.01] as const;
/** What a rival may fail of the clean canaries of any trace and still count as usable. */
export const TOLERATED = 0.05;
/** Bursts and AR processes are to be under way when the rollout begins; the rivals do not look at it. */
const RUN_UP = 300;

export interface Cell {
  readonly trace: TraceName;
  readonly base: number;
}
export interface SweptCell extends Cell {
  /** Per rival, per setting: the share of clean canaries that it failed. */
  readonly falseAlarms: readonly Float64Array[];
}

export const CELLS: readonly Cell[] = BASES.flatMap((base) => TRACES.map((trace) => ({ trace, base })));

/** Every setting of every rival on clean canaries, on every trace and both base rates. */
export async function sweep(runs: number, from: number): Promise<readonly SweptCell[]> {
  const findings = await carryOut(
    CELLS.map((cell): Study => ({ ...cell, from, runs, history: RUN_UP, ours: null, rivals: "all" })),
  );
  return CELLS.map((cell, index) => ({
    ...cell,
    falseAlarms: (findings[index]?.rivals ?? []).map((judged) => decided(judged).map((count) => count / runs)),
  }));
}

/** The worst share of each setting over these cells. */
export function worstOf(swept: readonly SweptCell[], rival: number): Float64Array {
  const worst = new Float64Array(RIVALS[rival]?.settings.length ?? 0);
  for (const { falseAlarms } of swept)
    for (let s = 0; s < worst.length; s++) worst[s] = Math.max(worst[s] ?? 0, falseAlarms[rival]?.[s] ?? 0);
  return worst;
}

/** The setting that keeps its false alarms on every one of these cells and does best by `cost` (least is best); null: none does. */
export function bestUsable(swept: readonly SweptCell[], rival: number, cost: Float64Array): number | null {
  const worst = worstOf(swept, rival);
  let best: number | null = null;
  for (let s = 0; s < worst.length; s++)
    if ((worst[s] ?? 1) <= TOLERATED && (best === null || (cost[s] ?? 0) < (cost[best] ?? 0))) best = s;
  return best;
}

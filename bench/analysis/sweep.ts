import { carryOut } from "./report/studies.js";
import type { Judged, Study } from "./report/study.js";
import { RIVALS } from "./rivals/all.js";
import { TRACES, type TraceName } from "./traces.js";

export const BASES = [0.001, 0.01] as const;
/** What a rival may fail of the clean canaries of any trace to count as usable. */
export const TOLERATED = 0.05;
/** Bursts and AR processes are to be under way when the rollout begins; the rivals do not look at it. */
const RUN_UP = 300;

export interface SweepCell {
  readonly trace: TraceName;
  readonly base: number;
  /** Per rival, per setting: the share of clean canaries that it failed. */
  readonly falseAlarms: readonly Float64Array[];
}

/** Every setting of every rival on clean canaries, on every trace and both base rates. */
export async function sweep(runs: number, from: number): Promise<readonly SweepCell[]> {
  const studies = cells().map((cell): Study => ({ ...cell, from, runs, history: RUN_UP, ours: null, rivals: true }));
  const findings = await carryOut(studies);
  return cells().map((cell, index) => ({
    ...cell,
    falseAlarms: (findings[index]?.rivals ?? []).map((judged, r) =>
      decidedShares(judged, RIVALS[r]?.settings.length ?? 0),
    ),
  }));
}

export function cells(): readonly { readonly trace: TraceName; readonly base: number }[] {
  return BASES.flatMap((base) => TRACES.map((trace) => ({ trace, base })));
}

/** The worst share of each setting over the cells that count. */
export function worstOf(swept: readonly SweepCell[], rival: number): Float64Array {
  const worst = new Float64Array(RIVALS[rival]?.settings.length ?? 0);
  for (const { falseAlarms } of swept)
    for (let s = 0; s < worst.length; s++) worst[s] = Math.max(worst[s] ?? 0, falseAlarms[rival]?.[s] ?? 0);
  return worst;
}

/** Settings of a rival that keep their false alarms on every one of these cells. */
export function usable(swept: readonly SweepCell[], rival: number): readonly number[] {
  return [...worstOf(swept, rival)].flatMap((worst, setting) => (worst <= TOLERATED ? [setting] : []));
}

export function decidedShares({ seconds }: Judged, settings: number): Float64Array {
  const shares = new Float64Array(settings);
  for (let at = 0; at < seconds.length; at++)
    if (seconds[at] !== 0) shares[at % settings] = (shares[at % settings] ?? 0) + 1;
  return shares.map((count) => (count * settings) / seconds.length);
}

/** What a judge did with one setting, run by run. */
export function ofSetting({ seconds, harmed }: Judged, settings: number, setting: number): Judged {
  const pick = (all: Int32Array) => all.filter((_, at) => at % settings === setting);
  return { seconds: pick(seconds), harmed: pick(harmed) };
}

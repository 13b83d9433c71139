import type { ReplicaPhase } from "../../../core/model/observation.js";

export interface Member {
  readonly number: number;
  readonly phase: ReplicaPhase | "gone";
  readonly leaving: boolean;
}

/**
 * What to add and to end so that a group has `wanted` replicas. Numbers are the lowest free ones from 1; the ones that
 * are not ready go first, then the newest.
 */
export function scale(members: readonly Member[], wanted: number): { add: number[]; end: number[] } {
  const staying = members.filter((member) => !member.leaving && member.phase !== "gone");
  const taken = new Set(members.map((member) => member.number));
  const add: number[] = [];
  for (let number = 1; staying.length + add.length < wanted; number++) if (!taken.has(number)) add.push(number);
  const dispensable = [...staying].sort(
    (a, b) => Number(a.phase === "ready") - Number(b.phase === "ready") || b.number - a.number,
  );
  return { add, end: dispensable.slice(0, Math.max(0, staying.length - wanted)).map((member) => member.number) };
}

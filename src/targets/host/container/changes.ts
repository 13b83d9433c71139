import type { ExitFacts } from "../supervisor/replica-state.js";
import { millisecondsBetween, nanoseconds } from "./nanoseconds.js";
import type { ContainerSeen } from "./seen.js";

/** What has been told of a replica's container. */
export interface Known {
  readonly id: string;
  /** The run that was told, by its start; null: it was told that none runs. */
  readonly run: string | null;
  /** The Engine's count of restarts up to which ends were told. */
  readonly restarts: number;
}

/** An end, without what has to be asked for: the last lines, and the exit code of a run that another one followed. */
export interface End {
  readonly exit: Omit<ExitFacts, "lastLines">;
  /** The run that ended, and when; null where the Engine says only that there was one. */
  readonly began: string | null;
  readonly finished: string | null;
}

export interface Changes {
  readonly known: Known;
  /** Oldest first. The Engine keeps the particulars of the last one only. */
  readonly ends: readonly End[];
  /** A run that is new. */
  readonly began: string | null;
}

/** An end for each would be as true, and would say no more. */
const MOST_ENDS = 100;
const NEVER = 0n;

/**
 * What happened to a container between two looks at it, the daemon's absence included. `seen` is null when it is gone,
 * or another one has its name. Pure.
 */
export function changes(known: Known, seen: ContainerSeen | null): Changes {
  if (seen === null || seen.id !== known.id) {
    const removed: End = { exit: outside("somebody removed its container"), began: known.run, finished: null };
    return { known: { ...known, run: null }, ends: known.run === null ? [] : [removed], began: null };
  }
  const next: Known = { id: known.id, run: seen.alive ? seen.startedAt : null, restarts: seen.restarts };
  const began = seen.alive && seen.startedAt !== known.run ? seen.startedAt : null;
  const over = known.run !== null && (!seen.alive || seen.startedAt !== known.run);
  // The count begins again when the Engine or a person starts the container.
  const byEngine = seen.restarts >= known.restarts ? seen.restarts - known.restarts : seen.restarts;
  const count = Math.min(MOST_ENDS, over ? Math.max(1, byEngine) : byEngine);
  if (count === 0) return { known: next, ends: [], began };
  const earlier: End = { exit: unclear(), began: null, finished: null };
  const ends = [...Array<End>(count - 1).fill(earlier), lastEnd(known, seen, byEngine > 0)];
  return { known: next, ends, began };
}

function lastEnd(known: Known, seen: ContainerSeen, byItself: boolean): End {
  const finished = nanoseconds(seen.finishedAt) > NEVER ? seen.finishedAt : null;
  // While it runs, its start is that of the next run; the one that ended is ours if there was only this one.
  const began = seen.alive ? known.run : seen.startedAt;
  const ran = began === null || finished === null ? {} : { ranMs: millisecondsBetween(began, finished) };
  const base = { began, finished };
  if (!byItself) {
    const code = seen.alive ? null : seen.exitCode;
    return { ...base, exit: { ...outside("it was ended from outside, or with the Docker Engine"), code, ...ran } };
  }
  // Its exit code is 0 while the next run goes on: the Engine's events may still tell the true one.
  if (seen.alive) return { ...base, exit: { ...unclear(), outOfMemory: seen.outOfMemory, ...ran } };
  const { exitCode: code, outOfMemory } = seen;
  return { ...base, exit: { code, signal: null, known: true, outOfMemory, ...ran } };
}

function outside(because: string): Omit<ExitFacts, "lastLines"> {
  return { code: null, signal: null, known: false, outOfMemory: false, because };
}

function unclear(): Omit<ExitFacts, "lastLines"> {
  return outside("the Docker Engine does not say any more how");
}

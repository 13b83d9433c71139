import { environOf, isAlive, type ProcessRow, processTable } from "./process-table.js";
import type { ProcessRef } from "./replica-state.js";

/** What every process of one replica carries in its environment: `WINDLASS_INSTANCE=..`, `WINDLASS_REPLICA=..`. */
export type Marker = readonly string[];

/** The processes of a replica: its session, their children, and what escaped both but still carries the marker. */
export function membersOf(
  ref: ProcessRef,
  marker: Marker,
  table: readonly ProcessRow[] = processTable(),
): ProcessRow[] {
  const members = new Map<number, ProcessRow>();
  const { pid } = ref;
  // Somebody else has the pid by now, so the session of that number is not ours either.
  const reused = table.some((row) => row.pid === pid && row.startTime !== ref.startTime);
  for (const row of reused ? [] : table) {
    if (row.pid === process.pid) continue;
    if (row.pid === pid || row.session === pid || row.group === pid) members.set(row.pid, row);
  }
  let grown = true;
  while (grown) {
    grown = false;
    for (const row of table) {
      if (members.has(row.pid) || !members.has(row.ppid)) continue;
      members.set(row.pid, row);
      grown = true;
    }
  }
  return [...members.values(), ...marked(marker, table).filter((row) => !members.has(row.pid))];
}

export function marked(marker: Marker, table: readonly ProcessRow[] = processTable()): ProcessRow[] {
  if (marker.length === 0) return [];
  return table.filter((row) => {
    if (row.pid === process.pid) return false;
    const variables = environOf(row.pid).split("\0");
    return marker.every((entry) => variables.includes(entry));
  });
}

/** Tells the whole process group, when its leader is still the process that we know. */
export function signalGroup(ref: ProcessRef, signal: NodeJS.Signals): void {
  if (isAlive(ref)) send(-ref.pid, signal);
}

/** SIGKILL to everything of a replica. Looks again until nothing is found, because what is being killed may fork. */
export function killAll(ref: ProcessRef, marker: Marker, extra: readonly number[] = []): number {
  let killed = 0;
  for (let round = 0; round < 10; round++) {
    const found = membersOf(ref, marker);
    for (const row of found) killed += send(row.pid, "SIGKILL") ? 1 : 0;
    if (round === 0) for (const other of extra) send(other, "SIGKILL");
    if (found.length === 0) break;
  }
  return killed;
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Gone already, or it became another user's (setuid): that one is not ours to end.
    if (code === "ESRCH" || code === "EPERM") return false;
    throw error;
  }
}

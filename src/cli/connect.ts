import { connect as openSocket } from "node:net";
import type { ControlPlane } from "../engine/control-plane.js";
import { WindlassError } from "../error.js";
import type { Places } from "../ports/places.js";
import { startControlPlane } from "./start.js";

export interface Connecting {
  readonly places: Places;
  readonly version: string;
  readonly uid: number | null;
  /** Says what takes time. */
  readonly remark: (line: string) => void;
}

/** Whether somebody listens on a Unix socket. */
export function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = openSocket(socket);
    const end = (isThere: boolean) => () => {
      connection.destroy();
      resolve(isThere);
    };
    connection.setTimeout(2_000, end(false));
    connection.once("connect", end(true));
    connection.once("error", end(false));
  });
}

/** The control plane when it runs; null when it does not. */
export async function reach({ places }: Connecting): Promise<ControlPlane | null> {
  if (!(await answers(places.controlSocket))) return null;
  const { createClient } = await import("../api/client.js");
  // Away for longer than a moment: `follow` in this room starts it again.
  return createClient(places.controlSocket, { awayMs: 1_000 });
}

/** The control plane, started when it does not run, and restarted when it is older than this CLI. */
export async function connect(connecting: Connecting): Promise<ControlPlane> {
  const running = await reach(connecting);
  if (running === null) return start(connecting);
  const about = await running.about();
  if (compareVersions(about.version, connecting.version) >= 0) return running;
  // Replicas and the edge are other processes: nobody's request notices.
  connecting.remark(`Restarting the control plane: it is ${about.version}, this is ${connecting.version}.`);
  await running.stop({ everything: false });
  await gone(connecting.places.controlSocket, about.pid);
  return start(connecting);
}

async function start(connecting: Connecting): Promise<ControlPlane> {
  await startControlPlane(connecting.places, connecting.uid, answers);
  const plane = await reach(connecting);
  if (plane === null) throw new WindlassError("cli-control-plane-gone", "The control plane started and ended again.");
  return plane;
}

/** Its socket closes first; until its process has ended, the ledger is still its own. */
async function gone(socket: string, pid: number): Promise<void> {
  const deadline = process.hrtime.bigint() + 10_000_000_000n;
  while ((await answers(socket)) || isThere(pid)) {
    if (process.hrtime.bigint() > deadline)
      throw new WindlassError("cli-control-plane-stays", "The old control plane does not end.", {
        hint: "`windlass doctor` shows its process.",
      });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Negative when `a` is older. Only the three numbers count. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string) =>
    (version.split("-")[0] ?? "").split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

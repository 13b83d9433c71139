import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { identify, isAlive } from "../../../src/targets/host/supervisor/process-table.js";
import { eventually } from "./eventually.js";

export interface Found {
  readonly pid: number;
  readonly argv: string;
}

/** Every living process that names the directory in its arguments or, where the system says so, works in it. */
export function processesIn(directory: string): readonly Found[] {
  return everyProcess().filter(
    ({ pid, argv }) => pid !== process.pid && (argv.includes(directory) || worksIn(pid).startsWith(directory)),
  );
}

/** What ps(1) shows of every process to anybody: zombies have no arguments. */
export function everyProcess(): readonly Found[] {
  const table = execFileSync("ps", ["-axww", "-o", "pid=,stat=,args="], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return table
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, , state]) => !state?.startsWith("Z"))
    .map(([, pid, , argv]) => ({ pid: Number(pid), argv: argv ?? "" }));
}

/** kill -9, and waits until it is dead. */
export async function killHard(pid: number): Promise<void> {
  const ref = identify(pid);
  process.kill(pid, "SIGKILL");
  await eventually(`process ${pid} is dead`, () => !isAlive(ref) && threadsOf(pid) <= 1);
}

/** A process is listed as dead while the last of its threads still hold its sockets. */
function threadsOf(pid: number): number {
  const task = `/proc/${pid}/task`;
  return existsSync(task) ? readdirSync(task).length : 0;
}

/** Waits until none of these is there any more. */
export async function allGone(pids: readonly (number | null)[]): Promise<void> {
  const left = () => everyProcess().filter(({ pid }) => pids.includes(pid));
  await eventually("these processes end", () => left().length === 0, left);
}

/** The arguments of every process that may be read, as the system keeps them. */
export function everyArgv(): string {
  if (process.platform !== "linux")
    return everyProcess()
      .map(({ argv }) => argv)
      .join("\n");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readOr(() => readFileSync(`/proc/${pid}/cmdline`, "latin1")))
    .join("\n");
}

function worksIn(pid: number): string {
  return process.platform === "linux" ? readOr(() => readlinkSync(`/proc/${pid}/cwd`)) : "";
}

/** A process may end between being listed and being read, or belong to somebody else. */
function readOr(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process by pid and start time: a pid alone may have been given to somebody else since. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for as long as the process lives. Holds the boot, too, where the system tells it. */
  readonly started: string;
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startedAt(process.pid) ?? "unknown" };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return startedAt(identity.pid) === identity.started;
}

/** Null when there is no such process, or when it is only waiting to be reaped. */
function startedAt(pid: number): string | null {
  return process.platform === "linux" ? startedOnLinux(pid) : startedElsewhere(pid);
}

function startedOnLinux(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name is in parentheses and may hold anything; the fields after it are plain (proc(5): 3 is the
    // state, 22 the start time in ticks since the boot).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : `${boot}/${fields[19]}`;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}

function startedElsewhere(pid: number): string | null {
  const { stdout, status } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
  });
  const started = stdout?.trim() ?? "";
  return status !== 0 || started === "" ? null : started;
}

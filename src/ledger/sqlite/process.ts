import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

/** A process by pid and start time: a pid alone may have been given to somebody else since. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for as long as the process lives. */
  readonly started: string;
  /** The boot of the machine, where the system tells it. */
  readonly boot: string;
  /** Which processes its pid is counted among: containers on one machine count on their own. */
  readonly pids: string;
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startedAt(process.pid) ?? "unknown", ...surroundings() };
}

/** Whether it may still run. A process that cannot be seen from here counts as alive, on the same boot. */
export function isAlive(identity: ProcessIdentity): boolean {
  const here = surroundings();
  if (identity.boot !== here.boot) return false;
  return identity.pids !== here.pids || startedAt(identity.pid) === identity.started;
}

function surroundings(): { boot: string; pids: string } {
  if (process.platform !== "linux") return { boot: "", pids: "" };
  return {
    boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    pids: readlinkSync("/proc/self/ns/pid"),
  };
}

/** Null when there is no such process, or when it is only waiting to be reaped. */
function startedAt(pid: number): string | null {
  return process.platform === "linux" ? startedOnLinux(pid) : startedElsewhere(pid);
}

function startedOnLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name is in parentheses and may hold anything; the fields after it are plain (proc(5): 3 is the
    // state, 22 the start time in ticks since the boot).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
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

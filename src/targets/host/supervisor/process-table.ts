import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import os from "node:os";
import type { ProcessRef } from "./replica-state.js";

export interface ProcessRow {
  readonly pid: number;
  readonly ppid: number;
  readonly group: number;
  readonly session: number;
  readonly zombie: boolean;
  readonly startTime: string;
  readonly rssBytes: number;
  /** Processor time used so far. */
  readonly cpuMs: number;
}

const LINUX = os.platform() === "linux";
const PAGE_BYTES = 4_096;
const TICK_MS = 10;
let boot: string | null = null;

/** A pid and a start time are only unique within one boot. */
function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

/** One process, zombies included, or null when there is none with this pid. Linux: proc(5), `stat`; else ps(1). */
export function processRow(pid: number): ProcessRow | null {
  if (!LINUX) return psRow(pid);
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
  // The command name stands in parentheses and may hold anything, even a parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid,
    ppid: field(4),
    group: field(5),
    session: field(6),
    zombie: fields[0] === "Z" || fields[0] === "X",
    startTime: `${bootId()}:${fields[19]}`,
    rssBytes: field(24) * PAGE_BYTES,
    cpuMs: (field(14) + field(15)) * TICK_MS,
  };
}

/** Every process of this machine that can be seen, without zombies. */
export function processTable(): ProcessRow[] {
  if (!LINUX) return psRows(["-ax"]).filter((row) => !row.zombie);
  const rows: ProcessRow[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const row = processRow(Number(name));
    if (row !== null && !row.zombie) rows.push(row);
  }
  return rows;
}

/** The identity of a process that was just started, even if it has ended already. */
export function identify(pid: number): ProcessRef {
  answers.delete(pid);
  return { pid, startTime: processRow(pid)?.startTime ?? "unknown" };
}

/** Never by pid alone: the same pid may be somebody else by now. A zombie is dead, however slowly it is reaped. */
export function isAlive(ref: ProcessRef): boolean {
  const row = processRow(ref.pid);
  return row !== null && !row.zombie && row.startTime === ref.startTime;
}

/** The environment block of a process of ours; empty when it may not be read or the system has no such file. */
export function environOf(pid: number): string {
  if (!LINUX) return "";
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch (error) {
    if (isGone(error) || (error as NodeJS.ErrnoException).code === "EACCES") return "";
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH";
}

/** Each ps is a process of its own, so its answer is used for a second while the pid exists. */
const answers = new Map<number, { at: number; row: ProcessRow | null }>();
const ANSWER_MS = 1_000;

function psRow(pid: number): ProcessRow | null {
  const known = answers.get(pid);
  if (known !== undefined && performance.now() - known.at < ANSWER_MS && exists(pid)) return known.row;
  const row = psRows(["-p", String(pid)])[0] ?? null;
  if (row === null) answers.delete(pid);
  else answers.set(pid, { at: performance.now(), row });
  return row;
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function psRows(selection: readonly string[]): ProcessRow[] {
  let text: string;
  try {
    const columns = "pid=,ppid=,pgid=,rss=,time=,state=,lstart=";
    text = execFileSync("ps", [...selection, "-o", columns], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    // ps exits with 1 when no process matches.
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (match === null) return [];
    const [, pid, ppid, group, rss, time, state, startTime] = match;
    return [
      {
        pid: Number(pid),
        ppid: Number(ppid),
        group: Number(group),
        session: Number(group),
        zombie: state?.startsWith("Z") === true,
        startTime: startTime ?? "",
        rssBytes: Number(rss) * 1024,
        cpuMs: psTimeMs(time ?? "0"),
      },
    ];
  });
}

function psTimeMs(time: string): number {
  return time.split(/[:-]/).reduce((total, part) => total * 60 + Number(part), 0) * 1000;
}

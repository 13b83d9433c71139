import { readFileSync, renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import type { Clock } from "../ports/clock.js";

/** The readings that a clock is made of; tests give their own. */
export interface ClockSource {
  /** Milliseconds since some fixed moment of this boot, the same in every process. */
  monotonic(): number;
  wall(): number;
  /** Names the boot; a new one means that `monotonic` started again. */
  boot(): string;
}

export interface ClockAnchor {
  readonly boot: string;
  /** Engine time minus monotonic time: constant for a boot. */
  readonly offset: number;
}

/**
 * Engine time over the machine's monotonic clock, which all processes of a boot share: it goes on through a crash of
 * the control plane, and a wall clock that jumps does not touch it. After a reboot it goes on from the last event:
 * time in which nobody could look is not time observed (rule 12).
 */
export function anchorClock(
  source: ClockSource,
  saved: ClockAnchor | null,
  lastEventAt: number,
): { clock: Clock; anchor: ClockAnchor } {
  const boot = source.boot();
  const monotonic = source.monotonic();
  const start = saved === null && lastEventAt === 0 ? source.wall() : lastEventAt;
  const continued = saved !== null && saved.boot === boot ? saved.offset : Math.ceil(start - monotonic);
  const offset = continued + monotonic < lastEventAt ? Math.ceil(lastEventAt - monotonic) : continued;
  const clock: Clock = { now: () => Math.floor(source.monotonic() + offset), wall: () => source.wall() };
  return { clock, anchor: { boot, offset } };
}

/** Opens the machine's clock, with its anchor kept in `file`. An unreadable anchor counts as a reboot. */
export function openClock(file: string, lastEventAt: number, source: ClockSource = machineClock()): Clock {
  const { clock, anchor } = anchorClock(source, readAnchor(file), lastEventAt);
  writeFileSync(`${file}.new`, JSON.stringify(anchor), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return clock;
}

function readAnchor(file: string): ClockAnchor | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return null;
    const { boot, offset } = parsed as Partial<ClockAnchor>;
    return typeof boot === "string" && typeof offset === "number" ? { boot, offset } : null;
  } catch {
    // First start, or a torn file: engine time then goes on from the last event, which is never wrong.
    return null;
  }
}

export function machineClock(): ClockSource {
  return { monotonic: () => Number(process.hrtime.bigint() / 1_000n) / 1_000, wall: () => Date.now(), boot: bootId };
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // macOS has no boot id; the moment of boot, to ten seconds, names it well enough.
    return `boot-${Math.round((Date.now() / 1000 - os.uptime()) / 10)}`;
  }
}

/** Tells how far the wall clock moved against engine time since the last call; 0 below `toleranceMs`. */
export function wallJumps(clock: Clock, toleranceMs = 2_000): () => number {
  let before = clock.wall() - clock.now();
  return () => {
    const difference = clock.wall() - clock.now();
    const jump = difference - before;
    if (Math.abs(jump) < toleranceMs) return 0;
    before = difference;
    return Math.round(jump);
  };
}

import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { readIfThere } from "../supervisor/durable-file.js";
import { identify, isAlive } from "../supervisor/process-table.js";
import type { ProcessRef } from "../supervisor/replica-state.js";

const holderSchema = z.object({ pid: z.number().int(), startTime: z.string() });

/** One daemon per home: a file that names a live process by pid and start time. */
export class DaemonLock {
  private constructor(
    private readonly file: string,
    private readonly own: string,
  ) {}

  /** Returns the live holder instead when there is one. */
  static acquire(directory: string): DaemonLock | ProcessRef {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = path.join(directory, "daemon.lock");
    const own = JSON.stringify(identify(process.pid));
    for (;;) {
      const text = readIfThere(file);
      if (text !== null) {
        const holder = liveHolder(text);
        if (holder !== null) return holder;
        // Moved away, not removed: of several that find it stale, one gets it. A loser that moved away the winner's
        // new file leaves a winner that sees so in `stillHeld` and stands down.
        moveAway(file);
      }
      const offer = `${file}.${randomUUID()}`;
      writeFileSync(offer, own, { mode: 0o600 });
      try {
        linkSync(offer, file);
        return new DaemonLock(file, own);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      } finally {
        rmSync(offer, { force: true });
      }
    }
  }

  stillHeld(): boolean {
    return readIfThere(this.file) === this.own;
  }

  release(): void {
    if (this.stillHeld()) rmSync(this.file, { force: true });
  }
}

function liveHolder(text: string): ProcessRef | null {
  try {
    const holder = holderSchema.parse(JSON.parse(text));
    return isAlive(holder) ? holder : null;
  } catch (error) {
    // Half a file is no holder: it is linked into place as a whole, so only a damaged disk leaves one.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

function moveAway(file: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

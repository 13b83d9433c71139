import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import path from "node:path";

export const RESERVE_BYTES = 8 * 1024 * 1024;

/**
 * Space for a rollback's events: a file that only takes up room. When the disk is full it is removed, and appends
 * with `fromReserve` go on in the space it leaves; it is put back once there is room for twice its size.
 */
export class Reserve {
  readonly #file: string;
  readonly #bytes: number;
  #held: boolean;

  constructor(directory: string, bytes: number = RESERVE_BYTES) {
    this.#file = path.join(directory, "reserve");
    this.#bytes = bytes;
    // One that a crash left half written counts as none.
    this.#held = (statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0) >= bytes;
    if (!this.#held) this.restore();
  }

  get held(): boolean {
    return this.#held;
  }

  release(): void {
    rmSync(this.#file, { force: true });
    this.#held = false;
  }

  /** True when the space is set aside (again); false while the disk has none to spare. */
  restore(): boolean {
    if (this.#held) return true;
    const space = statfsSync(path.dirname(this.#file));
    if (space.bavail * space.bsize < 2 * this.#bytes) return false;
    const handle = openSync(this.#file, "w", 0o600);
    try {
      // Random, so that a file system that compresses or leaves holes cannot save it.
      const block = randomBytes(Math.min(this.#bytes, 1024 * 1024));
      for (let at = 0; at < this.#bytes; at += block.length) writeSync(handle, block);
      fsyncSync(handle);
      this.#held = true;
    } catch (error) {
      rmSync(this.#file, { force: true });
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(handle);
    }
    return this.#held;
  }
}

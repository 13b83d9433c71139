import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { rotateWhenOver } from "./rotate.js";
import { recentLines, tailLines } from "./tail.js";

export const STREAMS = ["stdout", "stderr", "windlass"] as const;
export type OutputStream = (typeof STREAMS)[number];

/** Each stream keeps at most two files of this size. */
export const OUTPUT_LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * The files that a replica prints to. It writes to them itself, so its output goes on without the daemon; the daemon
 * keeps them small. `windlass` is what the supervisor has to say about it.
 */
export class ReplicaOutput {
  /** Where the present process began in each file. */
  private readonly begun = { stdout: 0, stderr: 0 };

  constructor(
    readonly directory: string,
    private readonly limitBytes: number = OUTPUT_LIMIT_BYTES,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  file(stream: OutputStream): string {
    return path.join(this.directory, `${stream}.log`);
  }

  /** File descriptors for a new process; the caller closes them with {@link ReplicaOutput.close}. */
  open(): { stdout: number; stderr: number } {
    // Append mode: after a truncation the next write lands at the new end.
    const stdout = openSync(this.file("stdout"), "a", 0o600);
    const stderr = openSync(this.file("stderr"), "a", 0o600);
    this.begun.stdout = fstatSync(stdout).size;
    this.begun.stderr = fstatSync(stderr).size;
    return { stdout, stderr };
  }

  close(files: { stdout: number; stderr: number }): void {
    closeSync(files.stdout);
    closeSync(files.stderr);
  }

  note(text: string): void {
    try {
      appendFileSync(this.file("windlass"), `${new Date().toISOString()} ${text}\n`, { mode: 0o600 });
    } catch (error) {
      // A remark is not worth a replica: on a full disk it is left out.
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  /** Returns whether a file was over its limit; it will probably be so again soon. */
  rotate(): boolean {
    let rotated = false;
    for (const stream of STREAMS) {
      if (!rotateWhenOver(this.file(stream), this.limitBytes)) continue;
      rotated = true;
      if (stream !== "windlass") this.begun[stream] = 0;
    }
    return rotated;
  }

  /** The last lines of the present process, what it printed as an error last, because that is where the reason is. */
  lastLines(count: number): string[] {
    const errors = this.lines("stderr", count, this.begun.stderr);
    const rest = count - errors.length;
    return rest > 0 ? [...this.lines("stdout", rest, this.begun.stdout), ...errors] : errors;
  }

  lines(stream: OutputStream, count: number, from = 0): string[] {
    const file = this.file(stream);
    if (!existsSync(file)) return [];
    return from === 0 ? recentLines(file, count) : tailLines(file, count, from);
  }
}

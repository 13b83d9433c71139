import fs from "node:fs";

const FLUSH_MS = 200;
const FLUSH_CHARS = 64 * 1024;
/** Lines beyond this are dropped and counted: a slow disk must not become memory. */
const PENDING_CHARS = 4 * 1024 * 1024;

export interface AccessLogOptions {
  readonly path: string;
  /** The file is moved to `<path>.1` when it is larger; so the log takes at most twice this. */
  readonly maxBytes: number;
}

/** One JSON object per line, written in blocks and never waited for. */
export class AccessLog {
  readonly #options: AccessLogOptions;
  #fd: number;
  #size: number;
  #lines = "";
  #writing = "";
  #timer: NodeJS.Timeout | null = null;
  #millisecond = 0;
  #timestamp = "";
  dropped = 0;
  /** Why the log has ended, or null while it goes on. */
  failure: string | null = null;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#fd = fs.openSync(options.path, "a", 0o600);
    this.#size = fs.fstatSync(this.#fd).size;
  }

  write(
    service: string,
    requestId: string,
    method: string,
    url: string,
    status: number,
    milliseconds: number,
    group: string,
    replica: string,
    bytes: number,
    retries: number,
  ): void {
    if (this.#fd === -1 || this.#lines.length + this.#writing.length > PENDING_CHARS) {
      this.dropped += 1;
      return;
    }
    const question = url.indexOf("?");
    const path = question === -1 ? url : url.slice(0, question);
    // Written by hand: only the path can hold a character that JSON must escape.
    this.#lines += `{"timestamp":"${this.#now()}","level":"${status >= 500 ? "error" : "info"}","service":"${service}","requestId":"${requestId}","method":"${method}","path":${JSON.stringify(path)},"statusCode":${status},"responseTime":${milliseconds.toFixed(3)},"group":"${group}","replica":"${replica}","bytes":${bytes},"retries":${retries}}\n`;
    if (this.#lines.length >= FLUSH_CHARS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Writes what is left, waiting for it. The descriptor goes with the process: a block may still be on its way. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#fd !== -1) fs.writeSync(this.#fd, this.#lines);
    this.#lines = "";
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#writing !== "" || this.#lines === "") return;
    this.#writing = this.#lines;
    this.#lines = "";
    const block = Buffer.from(this.#writing);
    fs.write(this.#fd, block, 0, block.length, null, (error, written) => {
      // A full disk: the lines are lost and counted, the requests are not.
      if (error !== null || written < block.length)
        this.dropped += block.subarray(written ?? 0).filter((byte) => byte === 10).length;
      this.#writing = "";
      this.#size += written ?? 0;
      if (this.#size > this.#options.maxBytes) this.#rotate();
      if (this.#lines.length >= FLUSH_CHARS) this.#flush();
      else if (this.#lines !== "") this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
    });
  }

  #rotate(): void {
    fs.closeSync(this.#fd);
    this.#size = 0;
    try {
      fs.renameSync(this.#options.path, `${this.#options.path}.1`);
      this.#fd = fs.openSync(this.#options.path, "a", 0o600);
    } catch (error) {
      // Its directory is gone or read-only: traffic goes on without a log, and the drop counter says so.
      this.#fd = -1;
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  #now(): string {
    const now = Date.now();
    if (now !== this.#millisecond) {
      this.#millisecond = now;
      this.#timestamp = new Date(now).toISOString();
    }
    return this.#timestamp;
  }
}

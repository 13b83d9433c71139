import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";

const TAIL_BYTES = 64 * 1024;
const READ_BYTES = 256 * 1024;
const LONGEST_LINE = 4_000;

/** The last `count` lines of a file between bytes `from` and `to`, at most `bytes` of it, fit for a terminal. */
export function tailLines(
  file: string,
  count: number,
  from = 0,
  to = Number.POSITIVE_INFINITY,
  bytes = TAIL_BYTES,
): string[] {
  const descriptor = openSync(file, "r");
  try {
    const end = Math.min(to, fstatSync(descriptor).size);
    const start = Math.max(from, end - bytes);
    const buffer = Buffer.alloc(Math.max(0, end - start));
    const read = readSync(descriptor, buffer, 0, buffer.length, start);
    const lines = buffer.subarray(0, read).toString("utf8").split("\n");
    // The first may be the end of a line, unless it is the only one.
    if (start > from && lines.length > 2) lines.shift();
    if (lines.at(-1) === "") lines.pop();
    return count === 0 ? [] : lines.slice(-count).map(printable);
  } finally {
    closeSync(descriptor);
  }
}

/** Like {@link tailLines} from the beginning on, but goes back into the file before the last rotation, too. */
export function recentLines(file: string, count: number, to = Number.POSITIVE_INFINITY, bytes = TAIL_BYTES): string[] {
  const lines = tailLines(file, count, 0, to, bytes);
  const missing = count - lines.length;
  const before = `${file}.1`;
  return missing > 0 && existsSync(before) ? [...tailLines(before, missing, 0, undefined, bytes), ...lines] : lines;
}

/** Reads on from where it was, across the truncations of the rotation. */
export class Follower {
  private rest: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly file: string,
    public position: number,
  ) {}

  static atEnd(file: string): Follower {
    return new Follower(file, statSync(file).size);
  }

  static atStart(file: string): Follower {
    return new Follower(file, 0);
  }

  /** Whole lines that have come since; a very long one is given out in pieces. */
  read(): string[] {
    const descriptor = openSync(this.file, "r");
    try {
      const { size } = fstatSync(descriptor);
      if (size < this.position) this.position = 0;
      const buffer = Buffer.alloc(Math.min(READ_BYTES, size - this.position));
      const read = readSync(descriptor, buffer, 0, buffer.length, this.position);
      this.position += read;
      const text = Buffer.concat([this.rest, buffer.subarray(0, read)]);
      const end = text.lastIndexOf(10);
      if (end < 0 && text.length < READ_BYTES) {
        this.rest = text;
        return [];
      }
      const cut = end < 0 ? text.length : end + 1;
      this.rest = text.subarray(cut);
      const lines = text.subarray(0, cut).toString("utf8").split("\n");
      if (lines.at(-1) === "") lines.pop();
      return lines.map(printable);
    } finally {
      closeSync(descriptor);
    }
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is to be removed
const ESCAPE_SEQUENCE = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
/** Every control character but the tab. */
const CONTROL = /[^\P{Cc}\t]/gu;

/** Output is anything at all: no escape sequence or control byte of a replica reaches a terminal. */
export function printable(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  const clean = text.replace(ESCAPE_SEQUENCE, "").replace(CONTROL, "\ufffd");
  return clean.length > LONGEST_LINE ? `${clean.slice(0, LONGEST_LINE)}...` : clean;
}

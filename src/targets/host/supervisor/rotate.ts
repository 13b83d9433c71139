import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";

const CHUNK_BYTES = 256 * 1024;

/**
 * Moves the newest `limitBytes` of a file to `<file>.1` and empties the file, when it is larger than that. The writer
 * keeps its descriptor, so the file cannot be renamed away; what it writes between copy and cut is lost.
 */
export function rotateWhenOver(file: string, limitBytes: number): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= limitBytes) return false;
  const from = openSync(file, "r+");
  const to = openSync(`${file}.next`, "w", 0o600);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let position = Math.max(0, fstatSync(from).size - limitBytes);
    // To the very end, which a fast writer moves on meanwhile, but not for ever.
    for (let copied = 0; copied < 2 * limitBytes; ) {
      const read = readSync(from, chunk, 0, CHUNK_BYTES, position);
      if (read === 0) break;
      writeSync(to, chunk, 0, read);
      position += read;
      copied += read;
    }
    ftruncateSync(from, 0);
  } finally {
    closeSync(from);
    closeSync(to);
  }
  renameSync(`${file}.next`, `${file}.1`);
  return true;
}

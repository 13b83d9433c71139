import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";

const CHUNK_BYTES = 512 * 1024;

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
    // To the very end, which a fast writer moves on meanwhile. One that cannot be caught up with loses what lies
    // between, but not its last lines.
    for (let copied = 0, jumps = 0; jumps < 3; ) {
      const read = readSync(from, chunk, 0, CHUNK_BYTES, position);
      if (read === 0) break;
      writeSync(to, chunk, 0, read);
      position += read;
      copied += read;
      if (copied < 2 * limitBytes) continue;
      position = Math.max(position, fstatSync(from).size - CHUNK_BYTES);
      copied = 2 * limitBytes - CHUNK_BYTES;
      jumps++;
    }
  } catch (error) {
    // A full disk is made less full by what follows.
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    ftruncateSync(from, 0);
    closeSync(from);
    closeSync(to);
  }
  renameSync(`${file}.next`, `${file}.1`);
  return true;
}

import { randomBytes, randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { decodeSigner, encodeSigner, newSigner, type Signer } from "../proof/note.js";

/**
 * The key that signs this ledger's checkpoints, in `<directory>/checkpoint.key` (0600); made at the first start.
 * A backup does not hold it: a ledger that is restored without it goes on with a new name and key.
 */
export function checkpointKey(directory: string): Signer {
  const file = path.join(directory, "checkpoint.key");
  const stored = read(file);
  if (stored !== null) return decodeSigner(stored.trim());
  const signer = newSigner(`windlass/${randomBytes(8).toString("hex")}`);
  const partial = `${file}.${randomUUID()}`;
  try {
    const handle = openSync(partial, "wx", 0o600);
    try {
      writeSync(handle, `${encodeSigner(signer)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    // A link is never made over a key that another process made meanwhile.
    linkSync(partial, file);
    return signer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return decodeSigner((read(file) ?? "").trim());
  } finally {
    rmSync(partial, { force: true });
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { WindlassError } from "../error.js";
import { type Places, placesIn } from "../ports/places.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Who asks, and on which machine. Only `uid` and the directories matter; tests give their own. */
export interface Machine {
  readonly env: Environment;
  /** Null where there is none. */
  readonly uid: number | null;
  readonly userHome: string;
  readonly temporary: string;
}

export function thisMachine(env: Environment = process.env): Machine {
  return { env, uid: process.getuid?.() ?? null, userHome: os.homedir(), temporary: os.tmpdir() };
}

/** Where this user's Windlass keeps its state: $WINDLASS_HOME, /var/lib/windlass for root, else the XDG state home. */
export function stateHome(machine: Machine): string {
  const { env, uid, userHome } = machine;
  if (env.WINDLASS_HOME) return path.resolve(env.WINDLASS_HOME);
  if (uid === 0) return "/var/lib/windlass";
  return path.join(absolute(env.XDG_STATE_HOME) ?? path.join(userHome, ".local", "state"), "windlass");
}

/** What belongs to the person and not to the installation: pinned checkpoints. */
export function configHome(machine: Machine): string {
  return path.join(absolute(machine.env.XDG_CONFIG_HOME) ?? path.join(machine.userHome, ".config"), "windlass");
}

/** A Unix socket's path has 108 bytes on Linux and 104 on macOS; some are kept for the names. */
const LONGEST_SOCKET = 100;

/** The places of a home; its sockets lie in a short private directory when the home's path is too long for one. */
export function placesOf(home: string, machine: Machine): Places {
  const inside = placesIn(home);
  if (Buffer.byteLength(inside.controlSocket) <= LONGEST_SOCKET) return inside;
  return placesIn(home, path.join(machine.temporary, `windlass-${machine.uid ?? "u"}-${shortName(home)}`));
}

export function shortName(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Makes a directory of one's own, closed to others; one that somebody else prepared or may write to is refused. */
export function makePrivate(directory: string, uid: number | null): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  const isMine = found.isDirectory() && (uid === null || found.uid === uid) && (found.mode & 0o022) === 0;
  // Passing through (0711) stays: a database server under its own user lives below.
  if (isMine && (found.mode & 0o044) !== 0) chmodSync(directory, 0o700);
  if (isMine) return;
  throw new WindlassError("cli-not-private", `${directory} is not a private directory of yours.`, {
    hint: `Others could listen in. Look at it, then: chmod 700 ${directory} (or set WINDLASS_HOME to another one).`,
  });
}

function absolute(value: string | undefined): string | null {
  // The XDG specification: a relative path is invalid and ignored.
  return value !== undefined && path.isAbsolute(value) ? value : null;
}

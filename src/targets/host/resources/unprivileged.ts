import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { WindlassError } from "../../../error.js";

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: then `postgres` or `nobody`, else null, which is whoever we are. */
export function serverUser(): SystemUser | null {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const wanted of ["postgres", "nobody"]) {
    const [name, , uid, gid] = lines.find((line) => line.startsWith(`${wanted}:`))?.split(":") ?? [];
    if (name !== undefined && Number(uid) !== 0) return { name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  throw new WindlassError("host-no-unprivileged-user", "PostgreSQL does not run as root, and there is no other user", {
    hint: "Create a user named postgres (useradd --system postgres), or run Windlass as another user than root.",
  });
}

/** Where a server's data lives when Windlass runs as root: nobody else can get into a home, which is its owner's only. */
export const SHARED_DATA = "/var/lib/windlass-data";

/** A directory of its own for a server: below `wished` when its user can get there, else `fallback`, in {@link SHARED_DATA}. */
export function serverDirectory(wished: string, fallback: string, user: SystemUser | null): string {
  if (user === null) return made(wished, null);
  mkdirSync(wished, { recursive: true, mode: 0o700 });
  return reachable(path.dirname(wished), user) ? made(wished, user) : made(below(fallback), user);
}

/** Whether a user may pass through a directory and all above it. */
export function reachable(directory: string, user: SystemUser): boolean {
  for (let place = path.resolve(directory); ; place = path.dirname(place)) {
    const { mode, uid, gid } = statSync(place);
    const may = uid === user.uid ? mode & 0o100 : gid === user.gid ? mode & 0o010 : mode & 0o001;
    if (may === 0) return false;
    if (place === path.dirname(place)) return true;
  }
}

/** Parents that can be passed through, but not read. */
function below(fallback: string): string {
  const parents: string[] = [];
  for (let place = path.dirname(fallback); place.startsWith(SHARED_DATA); place = path.dirname(place))
    parents.unshift(place);
  for (const parent of parents) {
    mkdirSync(parent, { recursive: true, mode: 0o711 });
    chmodSync(parent, 0o711);
  }
  return fallback;
}

function made(directory: string, user: SystemUser | null): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (user !== null) chownSync(directory, user.uid, user.gid);
  return directory;
}

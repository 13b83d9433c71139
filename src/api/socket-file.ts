import { randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { WindlassError } from "../error.js";

/** Makes the directory of a socket, for its owner alone; refuses one that others can enter. */
export function ownDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(directory);
  const own = process.geteuid?.() ?? uid;
  if (uid === own && (mode & 0o077) === 0) return;
  throw new WindlassError("api-socket-directory", `${directory} is not for its owner alone`, {
    hint: uid === own ? `chmod 700 ${directory}` : "choose a home of your own with WINDLASS_HOME",
    facts: { directory, mode: (mode & 0o777).toString(8), uid },
  });
}

/**
 * Takes a dead process's socket file away, so that its name is free. Rejects with `control-plane-running` when
 * somebody answers on it, with `api-socket-taken` when it is no socket. Binding decides between two who start at once.
 */
export async function freeSocketFile(file: string): Promise<void> {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new WindlassError("api-socket-taken", `${file} is there and is no socket`, { hint: "move it away" });
  if (await answers(file)) throw running(file);
  // Another one that starts may have bound it since: what was moved away is looked at again.
  const aside = path.join(path.dirname(file), `.${randomUUID().slice(0, 8)}`);
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (await answers(aside)) {
    renameSync(aside, file);
    throw running(file);
  }
  rmSync(aside, { force: true });
}

export function running(file: string): WindlassError {
  return new WindlassError("control-plane-running", `a control plane runs already and answers on ${file}`, {
    hint: "use it: `windlass status`; `windlass doctor` shows its pid",
    facts: { socket: file },
  });
}

/** Whether a process listens; a full backlog is one that does. */
function answers(file: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(file);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(false);
      else if (error.code === "EAGAIN") resolve(true);
      else reject(error);
    });
  });
}

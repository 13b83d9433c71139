import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { WindlassError } from "../../../error.js";
import type { ReplicaOutput } from "./output.js";
import { identify } from "./process-table.js";
import type { ProcessRef } from "./replica-state.js";

export interface LaunchSpec {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the process; secrets travel here and nowhere else. */
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number | null;
  readonly user?: { readonly uid: number; readonly gid: number };
}

export interface Launched {
  readonly process: ProcessRef;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

/**
 * Starts a process in a session of its own, its output going to files. Rejects with `host-command-not-found`,
 * `host-command-not-executable` or `host-launch-failed`.
 */
export async function launch(spec: LaunchSpec, output: ReplicaOutput): Promise<Launched> {
  const [command = "", ...rest] = spec.argv;
  const files = output.open();
  let child: ChildProcess;
  try {
    child = spawn(command, rest, {
      cwd: spec.cwd,
      env: { ...spec.environment },
      detached: true,
      stdio: ["ignore", files.stdout, files.stderr],
      ...(spec.user === undefined ? {} : spec.user),
    });
  } finally {
    output.close(files);
  }
  // At once: before the event loop turns, not even a process that has ended is reaped.
  const ref = child.pid === undefined ? null : identify(child.pid);
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.on("error", (error) => reject(explain(error, command, spec.cwd)));
  });
  if (ref === null) throw new WindlassError("host-launch-failed", `${command} has no process id`);
  child.unref();
  return { process: ref, ended };
}

function explain(error: Error, command: string, cwd: string): WindlassError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" && !existsSync(cwd))
    return new WindlassError("host-launch-failed", `the directory of the release is gone: ${cwd}`, { cause: error });
  if (code === "ENOENT")
    return new WindlassError("host-command-not-found", `there is no command ${command} here`, {
      hint: command.includes("/")
        ? "The path is relative to the service's files; check that the source directory contains it."
        : "Install it on this machine, or put it into the service's files and name it with ./",
      cause: error,
    });
  if (code === "EACCES")
    return new WindlassError("host-command-not-executable", `${command} may not be executed`, {
      hint: `Make it executable (chmod +x ${command}) and deploy again.`,
      cause: error,
    });
  return new WindlassError("host-launch-failed", `${command} could not be started: ${error.message}`, { cause: error });
}

import { type ChildProcess, spawn } from "node:child_process";
import { unanswered } from "../unanswered.js";

/** How much of the end of the output is kept, bytes. */
export const OUTPUT_BYTES = 64 * 1024;
/** How long output may come from what escaped the process group, after it was ended. */
const REST_MS = 500;

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of its standard output. */
  readonly output: string;
}

/**
 * Runs a program in a process group of its own, which is ended with it: when `signal` says so, and when the program
 * itself has ended. Rejects with a sentence when it cannot be started, or with the signal's reason.
 */
export async function run(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  cwd: string,
  signal: AbortSignal,
): Promise<Ended> {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, {
    cwd,
    env: { ...environment },
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const output = keepTail(child);
  const stop = (): void => endGroup(child);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const { code, by } = await new Promise<{ code: number | null; by: NodeJS.Signals | null }>((resolve, reject) => {
      child.once("error", (error) => reject(couldNotStart(program, error)));
      child.once("exit", (code, by) => resolve({ code, by }));
    });
    signal.removeEventListener("abort", stop);
    endGroup(child);
    signal.throwIfAborted();
    await output.ended;
    return { code, signal: by, output: output.text() };
  } finally {
    signal.removeEventListener("abort", stop);
    child.stdout?.destroy();
  }
}

/** The group outlives its leader while it has members; its number is not given away meanwhile. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // Nobody is left, or only what changed its user, which is not ours to end.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

function keepTail(child: ChildProcess): { text(): string; readonly ended: Promise<void> } {
  let kept = Buffer.alloc(0);
  child.stdout?.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-OUTPUT_BYTES);
  });
  const ended = new Promise<void>((resolve) => {
    child.stdout?.once("close", resolve);
    child.once("exit", () => setTimeout(resolve, REST_MS).unref());
  });
  return { text: () => kept.toString("utf8"), ended };
}

function couldNotStart(program: string, error: Error): Error {
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === "ENOENT" ? "it is not there" : code === "EACCES" ? "it may not be executed" : (code ?? error.message);
  return unanswered(`${program} could not be started: ${why}`, error);
}

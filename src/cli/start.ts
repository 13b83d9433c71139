import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { WindlassError } from "../error.js";
import type { Places } from "../ports/places.js";
import { makePrivate } from "./home.js";

/** A busy machine takes its time; one that ends by itself is told at once. */
const DEADLINE_MS = 30_000;
const LOG_LIMIT = 5 * 1024 * 1024;

/** Starts the control plane as a process of its own and waits until its socket answers. */
export async function startControlPlane(
  places: Places,
  uid: number | null,
  answers: (socket: string) => Promise<boolean>,
  serve: string = fileURLToPath(new URL("../serve.js", import.meta.url)),
): Promise<void> {
  const sockets = path.dirname(places.controlSocket);
  for (const directory of [places.home, places.logs, sockets]) makePrivate(directory, uid);
  const log = path.join(places.logs, "control-plane.log");
  const before = rotate(log);
  const child = launch(serve, places.home, sockets, log);
  // It outlives this process, also when it answers too late.
  child.unref();
  let ended: string | null = null;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code, signal) => {
    ended = signal === null ? `it ended with exit code ${code}` : `${signal} ended it`;
  });
  const deadline = process.hrtime.bigint() + BigInt(DEADLINE_MS) * 1_000_000n;
  // Another CLI may have started one at the same moment: then ours ends, and that one answers.
  for (let grace = 20; ; ) {
    if (await answers(places.controlSocket)) break;
    if (ended !== null && grace-- <= 0 && !anotherStarts(log, before)) throw failed(ended, log, before);
    if (process.hrtime.bigint() > deadline) throw failed(`no answer within ${DEADLINE_MS / 1000} s`, log, before);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function launch(serve: string, home: string, sockets: string, log: string): ChildProcess {
  const output = openSync(log, "a", 0o600);
  try {
    return spawn(process.execPath, [serve, "--home", home, "--sockets", sockets], {
      cwd: home,
      detached: true,
      stdio: ["ignore", output, output],
    });
  } finally {
    closeSync(output);
  }
}

/** Ours ended because another one has the ledger: that one still reads it and will answer. */
function anotherStarts(log: string, from: number): boolean {
  return readFileSync(log).subarray(from).toString().includes('"ledger-in-use"');
}

/** Keeps the log bounded; returns its size, where what comes now begins. */
function rotate(log: string): number {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size < LOG_LIMIT) return size;
  renameSync(log, `${log}.1`);
  return 0;
}

function failed(why: string, log: string, from: number): WindlassError {
  const text =
    statSync(log, { throwIfNoEntry: false }) === undefined ? "" : readFileSync(log).subarray(from).toString();
  const lines = text.trimEnd().split("\n").slice(-15);
  const said = text.trim() === "" ? "It printed nothing." : `It printed last:\n${lines.join("\n")}`;
  return new WindlassError("cli-control-plane-start", `The control plane did not start: ${why}.`, {
    hint: `${said}\nIts whole log: ${log}`,
    retry: "safe",
  });
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a program may take until it is ready, on a busy two-core machine. */
const START_MS = 120_000;
/** kube-apiserver waits for its clients' idle connections when it is asked to end. */
const END_MS = 5_000;

/** A program whose story was killed is ended by the kernel. */
const ENDS_WITH_US: readonly string[] = existsSync("/usr/bin/setpriv")
  ? ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"]
  : [];

/** A long-running program of the rig: its own log file, started, paused and ended by its own process id. */
export class RigProgram {
  #child: ChildProcess | null = null;

  constructor(
    readonly name: string,
    private readonly file: string,
    private readonly argv: readonly string[],
    private readonly folder: string,
    /** Whether it is ready; it is asked until it is, or until the deadline. An error counts as not yet. */
    private readonly ready: () => Promise<boolean>,
    private readonly env: NodeJS.ProcessEnv = {},
  ) {}

  get logFile(): string {
    return path.join(this.folder, `${this.name}.log`);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts the program and waits until it is ready. */
  async start(): Promise<void> {
    const log = openSync(this.logFile, "a");
    const [first = this.file, ...rest] = ENDS_WITH_US;
    const argv = ENDS_WITH_US.length === 0 ? this.argv : [...rest, this.file, ...this.argv];
    const child = spawn(first, argv, {
      stdio: ["ignore", log, log],
      env: { PATH: process.env.PATH, HOME: this.folder, ...this.env },
      cwd: this.folder,
    });
    closeSync(log);
    this.#child = child;
    child.on("error", () => undefined); // `exitCode` and the log tell it below
    const until = performance.now() + START_MS;
    let last: unknown = null;
    while (performance.now() < until) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
        this.#child = null;
        throw new Error(`${this.name} ended while it started (${child.exitCode ?? child.signalCode}):\n${this.tail()}`);
      }
      try {
        if (await this.ready()) return;
      } catch (error) {
        last = error;
      }
      await sleep(50);
    }
    const why = last instanceof Error ? ` (${last.message})` : "";
    await this.end();
    throw new Error(`${this.name} was not ready within ${START_MS / 1000} s${why}:\n${this.tail()}`);
  }

  /** The last lines of its log. */
  tail(lines = 15): string {
    return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }

  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  /** As a crash ends it. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, and kills it when it does not. Says nothing when it is not running. */
  async end(): Promise<void> {
    this.#signal("SIGCONT");
    await this.#end("SIGTERM");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
    await ended;
    clearTimeout(timer);
  }
}

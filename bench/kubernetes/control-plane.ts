import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../../src/core/model/command.js";
import type { EventRecord } from "../../src/core/model/event.js";
import type { Version } from "../installation/system.js";
import type { Answer, PlaneCalls } from "./protocol.js";

const ENTRY = path.join(import.meta.dirname, "plane.ts");
const SAMPLE_MS = 250;
const LOOK_MS = 50;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The control plane in a process of its own; its memory is read from the kernel, not from what it says of itself. */
export class BenchPlane {
  readonly home: string;
  #child: ChildProcess | null = null;
  #waiting = new Map<number, Waiting>();
  #ids = 0;
  #sampling: NodeJS.Timeout | null = null;
  #peak = 0;

  constructor() {
    this.home = mkdtempSync(path.join(os.tmpdir(), "windlass-bench-kubernetes-"));
    mkdirSync(path.join(this.home, "ledger"), { mode: 0o700 });
  }

  /** Resolves once it drives what its ledger holds. */
  async start(): Promise<void> {
    // Its compiler stays in its memory and is measured, too.
    const child = fork(ENTRY, [this.home], {
      execArgv: ["--import", "tsx"],
    });
    this.#child = child;
    const first = new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }));
    child.on("message", (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("error" in answer) waiting?.reject(new Error(answer.error));
      else waiting?.resolve(answer.value);
    });
    child.once("exit", (code, signal) => {
      this.#child = null;
      for (const { reject } of this.#waiting.values()) reject(new Error(`the control plane ended: ${code ?? signal}`));
      this.#waiting.clear();
    });
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS);
    await first;
  }

  ask<Call extends keyof PlaneCalls>(
    call: Call,
    about: Parameters<PlaneCalls[Call]>[0],
  ): Promise<Awaited<ReturnType<PlaneCalls[Call]>>> {
    const child = this.#child;
    if (child === null) return Promise.reject(new Error("the control plane does not run"));
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      child.send({ id, call, about });
    });
  }

  /** What was refused is an error here. */
  async command(environment: string, command: Command): Promise<string> {
    const envelope = { command, key: `bench-${++this.#ids}`, expected: null, by: "user:bench" };
    const outcome = await this.ask("command", { environment, envelope });
    if (outcome.kind === "refused") throw new Error(`refused: ${outcome.refusal.message}`);
    return outcome.deployment ?? "";
  }

  deploy(environment: string, { release, environment: wanted }: Version): Promise<string> {
    return this.command(environment, { kind: "deploy", release, environment: wanted, reason: null, fast: false });
  }

  /** Waits for an event of the environment after `after`, and gives every event up to it. */
  async until(
    environment: string,
    after: number,
    what: (event: EventRecord) => boolean,
    deadlineMs = 180_000,
  ): Promise<readonly EventRecord[]> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const events = await this.ask("history", { environment, after });
      const index = events.findIndex(what);
      if (index >= 0) return events.slice(0, index + 1);
      if (performance.now() > end)
        throw new Error(`nothing more came of ${environment}; last: ${JSON.stringify(events.at(-1))}`);
      await sleep(LOOK_MS);
    }
  }

  /** Bytes, since the last call. */
  takePeak(): number {
    this.#sample();
    const peak = this.#peak;
    this.#peak = 0;
    return peak;
  }

  /** Ends it and starts it anew on the same ledger. */
  async stop(): Promise<void> {
    if (this.#sampling !== null) clearInterval(this.#sampling);
    const child = this.#child;
    if (child === null) return;
    const exited = once(child, "exit");
    const kill = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await this.ask("stop", null).catch(() => child.kill("SIGTERM"));
    await exited;
    clearTimeout(kill);
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  #sample(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      this.#peak = Math.max(this.#peak, Number(kib ?? 0) * 1024);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

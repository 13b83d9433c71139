import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { run } from "@stricli/core";
import { onTestFinished } from "vitest";
import { applicationFor } from "../../src/cli/app.js";
import type { Cli } from "../../src/cli/context.js";
import { EXIT } from "../../src/cli/exit-code.js";
import type { Ask } from "../../src/cli/question/ask.js";
import type { Terminal } from "../../src/cli/render/terminal.js";
import type { ControlPlane } from "../../src/engine/control-plane.js";
import { placesIn } from "../../src/ports/places.js";
import { FakePlane } from "./fake-plane.js";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const PIPE: Terminal = { live: false, colour: false, unicode: true, columns: () => 80, rows: () => 24 };

/** A person at a shell: a directory, a terminal, a clock that stands still, and a control plane without a process. */
export class World {
  readonly directory: string;
  readonly plane = new FakePlane();
  terminal: Terminal = PIPE;
  ask: Ask | null = null;
  env: Record<string, string | undefined> = {};
  isRunning = true;
  now = Date.UTC(2026, 10, 21, 9, 30, 0);
  connections = 0;
  /** What comes from standard input. */
  typed = "";
  readonly #interrupts = new Set<() => void>();
  #keys = 0;

  constructor() {
    this.directory = mkdtempSync(path.join(os.tmpdir(), "windlass-cli-"));
    onTestFinished(() => rmSync(this.directory, { recursive: true, force: true }));
    mkdirSync(this.cwd);
  }

  get cwd(): string {
    return path.join(this.directory, "project");
  }

  interrupt(): void {
    for (const listener of this.#interrupts) listener();
  }

  async run(...inputs: string[]): Promise<Ran> {
    return this.as(async (cli) => run(await applicationFor(inputs, "0.1.0"), inputs, cli));
  }

  /** What something prints as this person. */
  async as(act: (cli: Cli) => Promise<unknown>): Promise<Ran> {
    const out: string[] = [];
    const err: string[] = [];
    const cli = this.#cli(
      (text) => out.push(text),
      (text) => err.push(text),
    );
    await act(cli);
    const code = Number(cli.process.exitCode);
    return { code: code < 0 ? EXIT.invalid : code, out: this.#without(out), err: this.#without(err) };
  }

  /** Golden files know nothing of this run's directory. */
  #without(text: readonly string[]): string {
    return text.join("").replaceAll(this.directory, "/work");
  }

  #cli(out: (text: string) => void, err: (text: string) => void): Cli {
    return {
      process: { stdout: { write: out }, stderr: { write: err }, env: this.env, exitCode: null },
      stdin: Readable.from([this.typed]),
      cwd: this.cwd,
      env: this.env,
      version: "0.1.0",
      terminal: this.terminal,
      ask: this.ask,
      user: "user:ada",
      places: placesIn(path.join(this.directory, "state")),
      config: path.join(this.directory, "config"),
      now: () => this.now,
      timeOfDay: (at) => at.toISOString().slice(11, 19),
      newKey: () => `key-${++this.#keys}`,
      connect: async (): Promise<ControlPlane> => {
        this.connections += 1;
        return this.plane;
      },
      reach: async () => (this.isRunning ? this.plane : null),
      onInterrupt: (listener) => {
        this.#interrupts.add(listener);
        return () => this.#interrupts.delete(listener);
      },
      sleep: async (ms) => {
        this.now += ms;
      },
    };
  }
}

/** Answers every question with yes, no, or the suggestion. */
export function answering(yes: boolean, asked: string[] = []): Ask {
  return {
    confirm: async (question) => asked.push(question) > 0 && yes,
    text: async (question, fallback) => (asked.push(question) > 0 ? fallback : ""),
    hidden: async (question) => (asked.push(question) > 0 ? "hidden-value" : ""),
    choose: async (question, options) => (asked.push(question) > 0 ? (options[0] ?? "") : ""),
  };
}

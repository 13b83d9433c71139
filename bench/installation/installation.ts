import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { createClient } from "../../src/api/client.js";
import { answers } from "../../src/cli/connect.js";
import type { Command } from "../../src/core/model/command.js";
import type { EventRecord } from "../../src/core/model/event.js";
import type { DeploymentOutcome } from "../../src/core/model/events.js";
import type { ControlPlane } from "../../src/engine/control-plane.js";
import { type Places, placesIn } from "../../src/ports/places.js";
import { createHostTarget } from "../../src/targets/host/target.js";
import { keyOf, type Version } from "./system.js";

const CLI = path.join(import.meta.dirname, "..", "..", "bin", "windlass.js");
const START = path.join(import.meta.dirname, "..", "..", "dist", "cli", "start.js");
const END_MS = 30_000;

export interface Settled {
  readonly deployment: string;
  readonly outcome: DeploymentOutcome;
  /** Every event from the command to the end of the deployment. */
  readonly events: readonly EventRecord[];
}

/** One sample of the edge's metrics; `labels` as they are in the text, with their braces. */
export interface EdgeFigure {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** A Windlass of its own in a temporary home: the built CLI starts its control plane, as it does for people. */
export class Installation {
  readonly root: string;
  readonly home: string;
  readonly places: Places;
  readonly plane: ControlPlane;
  #keys = 0;

  constructor(name: string) {
    this.root = mkdtempSync(path.join(os.tmpdir(), `windlass-bench-${name}-`));
    this.home = path.join(this.root, "home");
    mkdirSync(this.home, { mode: 0o700 });
    this.places = placesIn(this.home);
    this.plane = createClient(this.places.controlSocket);
  }

  /** The control plane, as the CLI starts it for a verb that needs one: detached, from what was built. */
  async start(): Promise<void> {
    // Ctrl-C ends the benchmark, and what it started with it.
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => void this.end().finally(() => process.exit(130)));
    const { startControlPlane } = (await import(pathToFileURL(START).href)) as typeof import("../../src/cli/start.js");
    await startControlPlane(this.places, process.getuid?.() ?? null, answers);
  }

  /** Runs the built CLI in this installation. `ms` is from before the process is made to its end. */
  cli(
    words: readonly string[],
  ): Promise<{ readonly code: number | null; readonly output: string; readonly ms: number }> {
    return new Promise((resolve, reject) => {
      const begin = performance.now();
      const child = spawn(process.execPath, [CLI, ...words], {
        cwd: this.root,
        env: { ...process.env, WINDLASS_HOME: this.home, XDG_CONFIG_HOME: this.root, NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 60_000,
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, output, ms: performance.now() - begin }));
    });
  }

  /** Sends a command as the CLI does; what was refused is an error here. */
  async command(environment: string, command: Command): Promise<string> {
    this.#keys += 1;
    const envelope = { command, key: `bench-${process.pid}-${this.#keys}`, expected: null, by: "user:bench" };
    const outcome = await this.plane.command(environment, envelope);
    if (outcome.kind === "refused") throw new Error(`refused: ${outcome.refusal.message}`);
    if (outcome.deployment === null) throw new Error(`no deployment: ${outcome.note}`);
    return outcome.deployment;
  }

  /** Deploys and waits for the end. */
  async deploy(version: Version, deadlineMs = 120_000): Promise<Settled> {
    const environment = keyOf(version);
    const all = await this.plane.environments();
    const since = all.find((view) => view.environment === environment)?.version ?? 0;
    const { release, environment: desired } = version;
    const command = { kind: "deploy", release, environment: desired, reason: null, fast: false } as const;
    return this.settled(environment, await this.command(environment, command), since, deadlineMs);
  }

  /** Follows an environment until a deployment has ended. */
  async settled(environment: string, deployment: string, since: number, deadlineMs = 120_000): Promise<Settled> {
    const events: EventRecord[] = [];
    for await (const update of this.plane.follow(environment, since, AbortSignal.timeout(deadlineMs))) {
      if (update.kind !== "event") continue;
      events.push(update.event);
      const data = update.event.data as { readonly deployment?: string; readonly outcome?: DeploymentOutcome };
      if (update.event.type === "deployment.finished@1" && data.deployment === deployment)
        return { deployment, outcome: data.outcome ?? "failed", events };
    }
    throw new Error(`${deployment} did not end within ${deadlineMs} ms; last: ${JSON.stringify(events.at(-1))}`);
  }

  /** Every sample of the edge's `/metrics`. */
  async edgeFigures(): Promise<readonly EdgeFigure[]> {
    const text = await metrics(this.places.edgeSocket);
    return text.split("\n").flatMap((line) => {
      const match = /^([a-z_]+)(\{.*\})? ([0-9.e+-]+)$/.exec(line);
      return match === null ? [] : [{ name: match[1] ?? "", labels: match[2] ?? "", value: Number(match[3]) }];
    });
  }

  /** Ends control plane, daemon, edge and replicas, and removes the home. */
  async end(): Promise<void> {
    const target = createHostTarget({ places: this.places, clock: { now: () => 0, wall: () => Date.now() } });
    try {
      const pids = await this.#pids(target);
      await ignoring(() => this.plane.stop({ everything: false }));
      await ignoring(() => target.leave(true));
      const deadline = performance.now() + END_MS;
      while (pids.some(isThere) && performance.now() < deadline) await sleep(50);
      for (const pid of pids.filter(isThere)) process.kill(pid, "SIGKILL");
    } finally {
      target.close();
      rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  }

  async #pids(target: ReturnType<typeof createHostTarget>): Promise<number[]> {
    const pids: number[] = [];
    await ignoring(async () => void pids.push((await this.plane.about()).pid));
    await ignoring(async () => {
      const { pid, edge } = await target.facts();
      pids.push(pid, ...(edge === null ? [] : [edge.pid]));
    });
    return pids;
  }
}

/** What is already gone does not have to be ended; false, and a line, when something was. */
async function ignoring(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    process.stderr.write(`(while ending: ${error instanceof Error ? error.message : String(error)})\n`);
    return false;
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function metrics(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: "/metrics" }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

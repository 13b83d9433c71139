import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { ResourceObservation } from "../../../core/model/observation.js";
import { readIfThere, writeDurably } from "../supervisor/durable-file.js";
import type { PortPool } from "../supervisor/free-port.js";
import type { LaunchSpec } from "../supervisor/launch.js";
import { ReplicaOutput } from "../supervisor/output.js";
import { isAlive } from "../supervisor/process-table.js";
import { adoptedReplica, freshReplica, planOf, type ReplicaState } from "../supervisor/replica-state.js";
import { Runner } from "../supervisor/runner.js";
import type { EmbeddedServer, ResourceUrl } from "./resources.js";

/** What is particular to one kind of server. */
export interface Recipe {
  /** For messages: the resource's name in the spec. */
  readonly name: string;
  readonly stopSignal: NodeJS.Signals;
  /** Makes its data at the first time and says how to start it. Rejects with a WindlassError that has a hint. */
  prepare(port: number): Promise<Omit<LaunchSpec, "port">>;
  /** Once it accepts connections: users, databases. Idempotent. */
  provision(port: number): Promise<void>;
  url(port: number): string;
  /** Which server it is, once that is known. */
  detail(): string;
}

export interface SupervisedServerOptions {
  readonly directory: string;
  readonly key: string;
  readonly marker: Readonly<Record<string, string>>;
  readonly ports: PortPool;
  readonly report: (message: string, error?: unknown) => void;
}

const recordSchema = z.object({
  process: z.object({ pid: z.number().int(), startTime: z.string() }).nullable(),
  port: z.number().int().nullable(),
});

/** The record that lets a later daemon find the server again. */
export const SERVER_RECORD = "process.json";
const STOP_GRACE_MS = 30_000;
const PROVISION_AGAIN_MS = 1_000;

/** A database server that is supervised like a replica, survives the daemon and is taken over by the next one. */
export class SupervisedServer implements EmbeddedServer {
  private readonly runner: Runner;
  private readonly output: ReplicaOutput;
  private readonly file: string;
  private written = "";
  private provisionedFor: number | null = null;
  private provisioning = false;
  private provisionAfter = 0;
  private trouble: string | null = null;

  constructor(
    private readonly recipe: Recipe,
    options: SupervisedServerOptions,
  ) {
    const { directory, key, marker, ports, report } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
    this.file = path.join(directory, SERVER_RECORD);
    this.output = new ReplicaOutput(path.join(directory, "log"));
    const plan = planOf({
      probes: { startup: null, liveness: null, readiness: null },
      hasPort: true,
      stopGraceMs: STOP_GRACE_MS,
      drainMs: 0,
    });
    const known = recordSchema.parse(JSON.parse(readIfThere(this.file) ?? '{"process":null,"port":null}'));
    const alive = known.process !== null && isAlive(known.process) ? known.process : null;
    const now = performance.now();
    if (alive !== null && known.port !== null) ports.keep(known.port);
    const fresh = freshReplica(plan, now);
    const state: ReplicaState =
      alive === null
        ? { ...fresh, port: known.port }
        : adoptedReplica(plan, { process: alive, port: known.port, restarts: 0, ready: false }, now);
    this.runner = new Runner(
      state,
      {
        key,
        marker: Object.entries(marker).map(([name, value]) => `${name}=${value}`),
        output: this.output,
        limits: { memoryBytes: null, cpu: null },
        cgroups: null,
        stopSignal: recipe.stopSignal,
        prepare: async (present) => {
          const port = await ports.take(present.port);
          const spec = await recipe.prepare(port);
          return { kind: "ready", spec: { ...spec, environment: { ...spec.environment, ...marker }, port } };
        },
        now: () => performance.now(),
        changed: (next) => this.remember(next),
        restarting: () => report(`the resource ${recipe.name} ended: ${this.runner.state.lastExit?.message}`),
      },
      alive !== null,
    );
  }

  url(): ResourceUrl {
    const { port } = this.runner.state;
    if (port !== null && this.ready) return { kind: "ready", url: this.recipe.url(port) };
    return { kind: "waits", for: `the resource ${this.recipe.name}: ${this.observe().detail}` };
  }

  observe(): ResourceObservation {
    if (this.ready) return { phase: "ready", detail: this.recipe.detail() };
    const { state, problem, crashLoop } = this.runner;
    if (problem !== null) return { phase: "failed", detail: problem };
    if (state.lastExit !== null && (crashLoop || state.process === null)) {
      const lines = state.lastExit.lastLines.slice(-3).join(" / ");
      return { phase: "failed", detail: `${this.recipe.detail()}: ${state.lastExit.message}. ${lines}` };
    }
    return { phase: "starting", detail: this.trouble ?? this.recipe.detail() };
  }

  tick(): void {
    this.runner.tick();
    const { state } = this.runner;
    if (state.phase === "draining") this.runner.send({ kind: "drained" });
    if (state.phase === "ready" && !this.ready) void this.provision(state);
  }

  async stop(): Promise<void> {
    this.runner.send({ kind: "stop" });
    while (this.runner.state.phase !== "gone") {
      this.tick();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Output files small. */
  rotate(): boolean {
    return this.output.rotate();
  }

  private get ready(): boolean {
    const { process } = this.runner.state;
    return process !== null && this.provisionedFor === process.pid;
  }

  private async provision(state: ReplicaState): Promise<void> {
    if (this.provisioning || state.port === null || performance.now() < this.provisionAfter) return;
    this.provisioning = true;
    try {
      await this.recipe.provision(state.port);
      this.provisionedFor = state.process?.pid ?? null;
      this.trouble = null;
    } catch (error) {
      // It accepts connections before it answers; what lasts is shown.
      this.trouble = `${this.recipe.detail()}: ${error instanceof Error ? error.message : String(error)}`;
      this.provisionAfter = performance.now() + PROVISION_AGAIN_MS;
    } finally {
      this.provisioning = false;
    }
  }

  private remember({ process, port }: ReplicaState): void {
    const text = JSON.stringify({ process, port });
    if (text === this.written) return;
    this.written = text;
    writeDurably(this.file, text);
  }
}

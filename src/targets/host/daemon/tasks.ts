import path from "node:path";
import { z } from "zod";
import type { TaskIntent } from "../../../core/model/intent.js";
import type { TaskObservation } from "../../../core/model/observation.js";
import type { SmokeCheck } from "../../../spec/compiled.js";
import { ContainerRunner } from "../container/container-runner.js";
import { CONTAINER_PORT } from "../container/seen.js";
import { readRecord, writeDurably } from "../supervisor/durable-file.js";
import { httpProbe, type ProbeAnswer } from "../supervisor/probing.js";
import type { Replica } from "../supervisor/replica.js";

const finishedSchema = z.record(z.string(), z.object({ phase: z.enum(["passed", "failed"]), detail: z.string() }));
const REMEMBERED = 500;

export interface TasksOptions {
  readonly file: string;
  readonly replicas: (environment: string, service: string, group: string) => readonly Replica[];
  readonly report: (message: string, error?: unknown) => void;
}

/** Smoke checks, each once by its id: what has finished is on disk and not done again. */
export class Tasks {
  private readonly finished: Map<string, TaskObservation>;
  private readonly running = new Set<string>();

  constructor(private readonly options: TasksOptions) {
    const damaged = (file: string, error: unknown): void => options.report(`${file} is damaged and put aside`, error);
    this.finished = new Map(
      Object.entries(readRecord(options.file, (value) => finishedSchema.parse(value), damaged) ?? {}),
    );
  }

  /** Starts what can be started; a task waits for its group to have a ready replica. */
  want(environment: string, tasks: readonly TaskIntent[]): void {
    for (const task of tasks) {
      const key = `${environment}#${task.id}`;
      if (this.finished.has(key) || this.running.has(key)) continue;
      const ready = this.options.replicas(environment, task.service, task.group);
      if (ready.length === 0) continue;
      this.running.add(key);
      void this.run(key, task, ready).finally(() => this.running.delete(key));
    }
  }

  observe(environment: string, tasks: readonly TaskIntent[]): Record<string, TaskObservation> {
    const observations: Record<string, TaskObservation> = {};
    for (const { id } of tasks) {
      const key = `${environment}#${id}`;
      const known = this.finished.get(key);
      const detail = this.running.has(key) ? "the checks run" : "waits for a ready replica";
      observations[id] = known ?? { phase: "running", detail };
    }
    return observations;
  }

  private async run(key: string, task: TaskIntent, ready: readonly Replica[]): Promise<void> {
    try {
      const failures: string[] = [];
      for (const replica of ready)
        for (const check of task.checks) {
          const answer = await this.check(check, replica);
          if (!answer.ok) failures.push(`${replica.id}: ${answer.detail}`);
        }
      const passed = `${task.checks.length} checks passed on ${ready.length} replicas`;
      const outcome: TaskObservation =
        failures.length === 0 ? { phase: "passed", detail: passed } : { phase: "failed", detail: failures.join("; ") };
      this.remember(key, outcome);
    } catch (error) {
      // Neither passed nor failed: it is run again with the next look.
      this.options.report(`the smoke checks of ${key} could not be run`, error);
    }
  }

  private async check(check: SmokeCheck, replica: Replica): Promise<ProbeAnswer> {
    const { port } = replica.runner.state;
    if (check.kind === "http") {
      if (port === null) return { ok: false, detail: "it has no port" };
      return httpProbe(check.path, port, check.timeoutMs, check.status);
    }
    // The command runs where the replica is; inside a container the port is another one.
    const near = replica.runner instanceof ContainerRunner ? CONTAINER_PORT : port;
    const url: Record<string, string> = port === null ? {} : { WINDLASS_SMOKE_URL: `http://127.0.0.1:${near}` };
    return replica.runner.run(check.argv, url, check.timeoutMs);
  }

  private remember(key: string, outcome: TaskObservation): void {
    this.finished.set(key, outcome);
    for (const oldest of this.finished.keys()) {
      if (this.finished.size <= REMEMBERED) break;
      this.finished.delete(oldest);
    }
    writeDurably(this.options.file, JSON.stringify(Object.fromEntries(this.finished)));
  }

  static fileIn(directory: string): string {
    return path.join(directory, "tasks.json");
  }
}

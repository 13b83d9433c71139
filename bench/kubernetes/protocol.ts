import type { CommandOutcome } from "../../src/core/deployment/outcome.js";
import type { CommandEnvelope } from "../../src/core/model/command.js";
import type { EventRecord } from "../../src/core/model/event.js";

/** How all environments stand. */
export interface Standing {
  readonly inProgress: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** What the target says against some of them, with how many. */
  readonly problems: Readonly<Record<string, number>>;
}

/** Bytes, and requests to the API server by verb. */
export interface PlaneFigures {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly cpuMs: number;
  readonly requests: Readonly<Record<string, number>>;
}

/** What the control plane's process is asked. */
export interface PlaneCalls {
  command(about: { readonly environment: string; readonly envelope: CommandEnvelope }): Promise<CommandOutcome>;
  history(about: { readonly environment: string; readonly after: number }): Promise<readonly EventRecord[]>;
  standing(about: null): Promise<Standing>;
  figures(about: null): Promise<PlaneFigures>;
  stop(about: null): Promise<null>;
}

export interface Question {
  readonly id: number;
  readonly call: keyof PlaneCalls;
  readonly about: unknown;
}

export type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

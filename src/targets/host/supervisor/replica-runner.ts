import type { ProbeAnswer } from "./probing.js";
import type { ReplicaEvent, ReplicaState } from "./replica-state.js";

/** What is used of this machine, as of the last look. */
export interface Usage {
  readonly memoryBytes: number;
  readonly cpuShare: number;
}

/** Which limits are enforced, and by what; null: there is no such limit. */
export interface Enforcement {
  readonly memory: string | null;
  readonly cpu: string | null;
}

/** Carries out what `decide` says for one replica: a process (runner.ts) or a container (../container). */
export interface ReplicaRunner {
  readonly state: ReplicaState;
  readonly crashLoop: boolean;
  /** What the group cannot be started for, or null. */
  readonly problem: string | null;
  readonly enforcement: Enforcement;
  send(event: ReplicaEvent): void;
  /** Called several times a second. */
  tick(): void;
  /** Runs a command where the replica is, with its environment and `extra`; exit code 0 is ok. Rejects when it could not be tried. */
  run(argv: readonly string[], extra: Readonly<Record<string, string>>, timeoutMs: number): Promise<ProbeAnswer>;
}

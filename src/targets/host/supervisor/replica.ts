import type { GroupIntent } from "../../../core/model/intent.js";
import type { ReplicaObservation } from "../../../core/model/observation.js";
import type { ReplicaOutput } from "./output.js";
import type { ReplicaRunner, Usage } from "./replica-runner.js";
import type { ReplicaState } from "./replica-state.js";

export interface ReplicaIdentity {
  /** `<system>/<environment>`. */
  readonly environment: string;
  readonly service: string;
  readonly group: string;
  readonly number: number;
  /** `<service>-<group>-<number>`; restarts keep it. */
  readonly id: string;
}

/** One replica that is supervised, with what is known about it beside its state. */
export interface Replica extends ReplicaIdentity {
  readonly digest: string;
  readonly runner: ReplicaRunner;
  readonly output: ReplicaOutput;
  usage: Usage | null;
}

/** What a group runs, as its replicas are told. */
export type GroupPlan = Pick<GroupIntent, "label" | "workload" | "digest"> & { readonly drainMs: number };

export function observed(replica: Replica): ReplicaObservation {
  const { state, crashLoop } = replica.runner;
  const usage = replica.usage !== null && state.process !== null ? replica.usage : {};
  return {
    id: replica.id,
    phase: state.phase === "gone" ? "stopping" : state.phase,
    restarts: state.restarts,
    crashLoop,
    lastExit: state.lastExit,
    probe: state.waitsFor ?? failingProbe(state),
    port: state.port,
    pid: state.process?.pid ?? null,
    ...usage,
  };
}

function failingProbe(state: ReplicaState): string | null {
  if (state.process === null) return null;
  const { startup, liveness, readiness } = state.probes;
  return startup.detail ?? liveness.detail ?? readiness.detail;
}

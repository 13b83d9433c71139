import type { ExitReport, ReplicaPhase } from "../../../core/model/observation.js";
import type { Probe, Probes } from "../../../spec/compiled.js";
import { freshCount, type ProbeCount } from "./probe-count.js";

/** A process that can be told from a later one with the same pid. */
export interface ProcessRef {
  readonly pid: number;
  /** Opaque: boot and start time as the system gives them. */
  readonly startTime: string;
}

/** What of a workload decides about the life of a replica. */
export interface ReplicaPlan {
  /** `readiness` is never null when there is a port. */
  readonly probes: Probes;
  readonly hasPort: boolean;
  readonly stopGraceMs: number;
  readonly drainMs: number;
}

export type ProbeKind = "startup" | "liveness" | "readiness";

export interface ReplicaState {
  readonly plan: ReplicaPlan;
  readonly phase: ReplicaPhase | "gone";
  readonly process: ProcessRef | null;
  readonly port: number | null;
  /** A launch is under way. */
  readonly launching: boolean;
  /** Why it cannot be launched yet, though nothing is wrong with it: a resource is not ready. */
  readonly waitsFor: string | null;
  /** It shall go and not come back. */
  readonly leaving: boolean;
  /** Why it is being ended although it shall come back. */
  readonly dying: { readonly reason: ExitReport["reason"]; readonly message: string } | null;
  readonly startedAt: number;
  readonly restarts: number;
  /** Ends in a row without a good run. */
  readonly streak: number;
  readonly lastExit: ExitReport | null;
  readonly probes: Readonly<Record<ProbeKind, ProbeCount>>;
  /** When the present wait ends: backoff, drain, grace, or the next look at `waitsFor`. */
  readonly deadline: number;
}

export type ReplicaEvent =
  | { readonly kind: "tick" }
  /** `ranMs`: it was found running, for so long. */
  | { readonly kind: "launched"; readonly process: ProcessRef; readonly port: number | null; readonly ranMs?: number }
  | { readonly kind: "launch-failed"; readonly message: string }
  | { readonly kind: "waits"; readonly for: string }
  | { readonly kind: "exited"; readonly exit: ExitFacts }
  | { readonly kind: "probed"; readonly probe: ProbeKind; readonly ok: boolean; readonly detail: string }
  /** The probe could say nothing, good or bad. */
  | { readonly kind: "unprobed"; readonly probe: ProbeKind }
  | { readonly kind: "memory-exceeded"; readonly message: string }
  | { readonly kind: "stop" }
  | { readonly kind: "drained" };

export interface ExitFacts {
  readonly code: number | null;
  readonly signal: string | null;
  /** False for an adopted process: nobody told us how it ended. */
  readonly known: boolean;
  readonly outOfMemory: boolean;
  readonly lastLines: readonly string[];
  /** Where somebody else kept the time. */
  readonly ranMs?: number;
  /** Why nothing more is known (without it: another daemon had started it), or which limit its memory had. */
  readonly because?: string;
}

/** `sweep` ends what an ended process left behind; `restarting` is the signal that it ended against its will. */
export type ReplicaEffect =
  | { readonly kind: "launch" }
  | { readonly kind: "terminate" }
  | { readonly kind: "kill" }
  | { readonly kind: "sweep" }
  | { readonly kind: "probe"; readonly probe: ProbeKind }
  | { readonly kind: "restarting" };

const IMPLICIT_TCP: Probe = {
  action: { kind: "tcp" },
  delayMs: 0,
  periodMs: 1_000,
  timeoutMs: 1_000,
  failures: 3,
  successes: 1,
};

export function planOf(workload: {
  probes: Probes;
  hasPort: boolean;
  stopGraceMs: number;
  drainMs: number;
}): ReplicaPlan {
  const { probes, hasPort, stopGraceMs, drainMs } = workload;
  const readiness = probes.readiness ?? (hasPort ? IMPLICIT_TCP : null);
  return { probes: { ...probes, readiness }, hasPort, stopGraceMs, drainMs };
}

export function freshReplica(plan: ReplicaPlan, now: number): ReplicaState {
  return {
    plan,
    phase: "starting",
    process: null,
    port: null,
    launching: false,
    waitsFor: null,
    leaving: false,
    dying: null,
    startedAt: now,
    restarts: 0,
    streak: 0,
    lastExit: null,
    probes: freshProbes(plan, now),
    deadline: now,
  };
}

/**
 * A process that an earlier daemon started. What was ready stays so until a probe says otherwise: a daemon that comes
 * back takes no replica out of traffic.
 */
export function adoptedReplica(
  plan: ReplicaPlan,
  known: { process: ProcessRef; port: number | null; restarts: number; ready: boolean },
  now: number,
): ReplicaState {
  const state = freshReplica(plan, now);
  const { process, port, restarts } = known;
  const startup = { ...state.probes.startup, passing: known.ready ? true : null };
  return {
    ...state,
    phase: known.ready ? "ready" : "starting",
    process,
    port,
    restarts,
    probes: { ...state.probes, startup },
  };
}

/** A container that an earlier daemon started, running or not. */
export function adoptedContainer(
  plan: ReplicaPlan,
  known: { process: ProcessRef | null; port: number | null; restarts: number; ready: boolean },
  now: number,
): ReplicaState {
  const { process, port, restarts } = known;
  if (process !== null) return adoptedReplica(plan, { ...known, process }, now);
  return { ...freshReplica(plan, now), port, restarts };
}

export function freshProbes(plan: ReplicaPlan, now: number): Record<ProbeKind, ProbeCount> {
  return {
    startup: freshCount(plan.probes.startup, now),
    liveness: freshCount(plan.probes.liveness, now),
    readiness: freshCount(plan.probes.readiness, now),
  };
}

import type { GroupId, ServiceName } from "./intent.js";

/**
 * starting: the process runs, it has not been ready yet. ready: takes traffic. unready: ran well, does not now.
 * backoff: it ended and waits to be started again. draining: no new requests. stopping: told to end.
 */
export type ReplicaPhase = "starting" | "ready" | "unready" | "backoff" | "draining" | "stopping";

export interface ExitReport {
  /** Null when the replica was adopted or killed by a signal. */
  readonly code: number | null;
  readonly signal: string | null;
  /** `exited`, `out-of-memory`, `liveness`, `stopped`, `could-not-start`, `unknown` (adopted). */
  readonly reason: "exited" | "out-of-memory" | "liveness" | "stopped" | "could-not-start" | "unknown";
  readonly message: string;
  /** The last lines it printed, oldest first, at most 20. */
  readonly lastLines: readonly string[];
}

export interface ReplicaObservation {
  readonly id: string;
  readonly phase: ReplicaPhase;
  readonly restarts: number;
  readonly crashLoop: boolean;
  readonly lastExit: ExitReport | null;
  /** What the last failing probe said; null when none fails. */
  readonly probe: string | null;
  readonly port: number | null;
  readonly pid: number | null;
  readonly cpuShare?: number;
  readonly memoryBytes?: number;
}

export interface GroupObservation {
  /** The digest that runs, not the one that was asked for. */
  readonly digest: string;
  readonly replicas: readonly ReplicaObservation[];
  /** Requests in flight at the edge; 0 says that a group without weight is drained. */
  readonly inFlight: number;
  /** Why the group cannot have replicas at all (artefact corrupt, command not found), or null. */
  readonly problem: string | null;
  /** Why it has fewer replicas than were asked for, where that may pass by itself; absent: nothing says. */
  readonly late?: string;
}

export interface ServiceObservation {
  readonly groups: Readonly<Record<GroupId, GroupObservation>>;
  /** Weights in force at the edge, as the edge says; null for workers or when the edge does not answer. */
  readonly weights: Readonly<Record<GroupId, number>> | null;
  /** Routes in force: the groups that a route leads to; null when the edge does not answer. */
  readonly routed: readonly GroupId[] | null;
  /** The port clients use, once it is bound. */
  readonly port: number | null;
}

export interface TaskObservation {
  readonly phase: "running" | "passed" | "failed";
  readonly detail: string;
}

export interface ResourceObservation {
  readonly phase: "starting" | "ready" | "failed";
  /** Which server it is: `PostgreSQL 15.18 (installed)`. */
  readonly detail: string;
}

/** A field of an object that somebody else changed. */
export interface Drift {
  /** `Deployment/web-1a2b3c4d5e`. */
  readonly object: string;
  /** `spec.template.spec.containers[web].image`; empty: the whole object is gone. */
  readonly field: string;
  readonly wanted: string;
  readonly found: string;
  /** The field manager that changed it, where the engine says so. */
  readonly by: string | null;
  /** Whether it was made right again. */
  readonly healed: boolean;
  /** When it was seen, engine time. */
  readonly at: number;
}

/** What is, never what was asked. */
export interface Observation {
  /** Engine time in milliseconds when the target looked. */
  readonly seenAt: number;
  /** The last apply that took effect, or null. */
  readonly applied: { readonly term: number; readonly revision: number } | null;
  readonly services: Readonly<Record<ServiceName, ServiceObservation>>;
  readonly tasks: Readonly<Record<string, TaskObservation>>;
  readonly resources: Readonly<Record<string, ResourceObservation>>;
  /** The last differences from what was applied, at most 100, newest first; absent: none, or the target has nobody else. */
  readonly drift?: readonly Drift[];
}

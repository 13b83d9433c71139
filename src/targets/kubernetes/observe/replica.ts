import type { ExitReport, ReplicaObservation, ReplicaPhase } from "../../../core/model/observation.js";
import type { EndSeen, PodSeen } from "../seen/pod.js";

/** What was asked for about a pod that is in trouble; null parts: not known yet. */
export interface Explanation {
  /** Last lines of the container that ended; null: still being read. */
  readonly lastLines: readonly string[] | null;
  /** What the last failing probe, mount or start said, from the pod's events. */
  readonly said: string | null;
}

/** As often as a host's daemon: three restarts say that waiting longer is pointless. */
const LOOPS_AFTER = 3;

/** A pod as one replica. `wasReady`: it took requests before, so it is unready now and not starting. */
export function replicaOf(pod: PodSeen, explained: Explanation | undefined, wasReady: boolean): ReplicaObservation {
  const backoff = pod.waiting?.reason === "CrashLoopBackOff";
  return {
    id: pod.name,
    phase: phaseOf(pod, backoff, wasReady),
    restarts: pod.restarts,
    crashLoop: backoff && pod.restarts >= LOOPS_AFTER,
    lastExit: exitOf(pod.lastEnd, explained?.lastLines ?? null),
    probe: pod.ready ? null : troubleOf(pod, explained),
    port: null,
    pid: null,
  };
}

function phaseOf(pod: PodSeen, backoff: boolean, wasReady: boolean): ReplicaPhase {
  if (pod.deleting) return pod.ready ? "draining" : "stopping";
  if (pod.ready) return "ready";
  if (backoff || pod.phase === "Failed" || (!pod.running && pod.lastEnd !== null)) return "backoff";
  return wasReady ? "unready" : "starting";
}

/** Told once its last lines are known: an exit without them explains nothing. */
function exitOf(end: EndSeen | null, lastLines: readonly string[] | null): ExitReport | null {
  if (end === null || lastLines === null) return null;
  const outOfMemory = end.reason === "OOMKilled";
  const signal = end.signal !== null ? `signal ${end.signal}` : end.code > 128 ? `signal ${end.code - 128}` : null;
  const could = /CannotRun|StartError|CreateContainer/.test(end.reason);
  return {
    code: signal === null ? end.code : null,
    signal,
    reason: outOfMemory ? "out-of-memory" : could ? "could-not-start" : "exited",
    message: messageOf(end, signal, outOfMemory),
    lastLines,
  };
}

function messageOf(end: EndSeen, signal: string | null, outOfMemory: boolean): string {
  if (outOfMemory) return "it used more memory than its limit";
  const said = end.message === "" ? "" : `: ${end.message}`;
  return signal === null ? `exit code ${end.code}${said}` : `ended by ${signal}${said}`;
}

/** Why it is not ready, in the words of whoever knows best. */
function troubleOf(pod: PodSeen, explained: Explanation | undefined): string | null {
  if (pod.ended !== null) return pod.ended;
  if (pod.unschedulable !== null) return `no node takes it: ${pod.unschedulable}`;
  if (pod.waiting !== null && pod.waiting.reason !== "ContainerCreating" && pod.waiting.reason !== "PodInitializing")
    return said(pod.waiting.reason, pod.waiting.message);
  return explained?.said ?? null;
}

function said(reason: string, message: string): string {
  return message === "" ? reason : `${reason}: ${message}`;
}

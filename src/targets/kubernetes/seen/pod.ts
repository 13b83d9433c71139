import { GROUP, SERVICE } from "../../../render/kubernetes/labels.js";
import type { KubernetesObject } from "../../../render/kubernetes/object.js";
import { condition, field, list, number, text } from "./field.js";

export interface EndSeen {
  readonly code: number;
  /** `Error`, `OOMKilled`, `Completed`, `ContainerCannotRun`, `StartError`. */
  readonly reason: string;
  readonly message: string;
  readonly signal: number | null;
}

/** What is kept of a pod: about a kilobyte, of the ten that the server sends. */
export interface PodSeen {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Of an adopted Deployment's pod, which is told by them; ours need none. */
  readonly labels: Readonly<Record<string, string>>;
  readonly service: string | null;
  readonly group: string | null;
  readonly createdAt: string;
  readonly phase: string;
  /** Why a pod as a whole ended: `Evicted: The node was low on resource`. */
  readonly ended: string | null;
  readonly ready: boolean;
  readonly deleting: boolean;
  readonly address: string | null;
  readonly node: string | null;
  /** Why no node takes it; null: one did. */
  readonly unschedulable: string | null;
  readonly container: string;
  readonly started: boolean;
  readonly running: boolean;
  readonly restarts: number;
  /** `ImagePullBackOff`, `CrashLoopBackOff`, `CreateContainerConfigError`; null: it does not wait. */
  readonly waiting: { readonly reason: string; readonly message: string } | null;
  readonly lastEnd: EndSeen | null;
}

/** The container that Windlass rendered; an adopted pod's first one. Sidecars are the cluster's own matter. */
export function keepPod(object: KubernetesObject): PodSeen {
  const { metadata, status, spec } = object;
  const conditions = list(status, "conditions");
  const labels = (field(metadata, "labels") ?? {}) as Readonly<Record<string, string>>;
  const statuses = list(status, "containerStatuses");
  const wanted = labels[SERVICE];
  const main = statuses.find((one) => text(one, "name") === wanted) ?? statuses[0];
  const scheduled = condition(conditions, "PodScheduled");
  const reason = text(status, "reason");
  const waiting = field(main, "state", "waiting");
  return {
    uid: text(metadata, "uid") ?? "",
    namespace: text(metadata, "namespace") ?? "",
    name: metadata.name,
    labels: wanted === undefined ? labels : NONE,
    service: wanted ?? null,
    group: labels[GROUP] ?? null,
    createdAt: text(metadata, "creationTimestamp") ?? "",
    phase: text(status, "phase") ?? "Pending",
    ended: reason === null ? null : `${reason}: ${text(status, "message") ?? "no message"}`,
    // A pod that ended as a whole (evicted) may still say that it is.
    ready: text(status, "phase") === "Running" && condition(conditions, "Ready")?.status === "True",
    deleting: text(metadata, "deletionTimestamp") !== null,
    address: text(status, "podIP"),
    node: text(spec, "nodeName"),
    unschedulable: scheduled !== null && scheduled.status === "False" ? scheduled.message || scheduled.reason : null,
    container: text(main, "name") ?? text(spec, "containers", 0, "name") ?? "",
    started: field(main, "started") === true,
    running: field(main, "state", "running") !== undefined,
    restarts: number(main, "restartCount") ?? 0,
    waiting:
      waiting === undefined ? null : { reason: text(waiting, "reason") ?? "", message: text(waiting, "message") ?? "" },
    lastEnd: endOf(field(main, "state", "terminated")) ?? endOf(field(main, "lastState", "terminated")),
  };
}

const NONE: Readonly<Record<string, string>> = {};

function endOf(terminated: unknown): EndSeen | null {
  if (terminated === undefined || terminated === null) return null;
  const signal = number(terminated, "signal");
  return {
    code: number(terminated, "exitCode") ?? -1,
    reason: text(terminated, "reason") ?? "",
    message: text(terminated, "message") ?? "",
    signal: signal === 0 ? null : signal,
  };
}

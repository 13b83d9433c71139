import { completed, crashed, evicted, running, waiting } from "./pod-status.js";

/**
 * How KWOK plays a kubelet: what becomes of a pod, as stages. A pod's fault is named by its image,
 * `<anything>/fault-<name>@sha256:...`, or by its annotation `windlass.test/fault`; no other pod has one.
 */
export const FAULTS = [
  /** Scheduled, and its container never comes out of ContainerCreating. */
  "never-start",
  /** Runs, and its readiness probe fails with 503 (with the kubelet's event). */
  "never-ready",
  /** Ends with exit code 3 at once, again and again: CrashLoopBackOff with a rising restart count. */
  "crash",
  /** As `crash`, but it was ready for three seconds each time. */
  "late-crash",
  /** As `crash`, ended by the kernel: OOMKilled, exit code 137. */
  "oom",
  /** ErrImagePull, then ImagePullBackOff. */
  "image-pull",
  /** CreateContainerConfigError: a Secret that is not there. */
  "config",
  /** Becomes ready, and is evicted for its node's want of memory two seconds later. */
  "evict",
  /** Becomes ready after five seconds. */
  "slow",
  /** Ready, and takes ten seconds to end when it is deleted. */
  "slow-end",
] as const;
export type Fault = (typeof FAULTS)[number];

const FAULT = `((.metadata.annotations["windlass.test/fault"]) // ([.spec.containers[].image | scan("fault-([a-z-]+)") | .[0]] | .[0]) // "none")`;

export interface Stage {
  readonly apiVersion: "kwok.x-k8s.io/v1alpha1";
  readonly kind: "Stage";
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

/** A condition on the pod: a jq expression and the texts that it may give (or, with `not`, may not). */
interface When {
  readonly key: string;
  readonly in?: readonly string[];
  readonly not?: readonly string[];
}

interface Step {
  readonly name: string;
  /** Faults that it plays for; `none` is a pod without one. */
  readonly faults: readonly (Fault | "none")[];
  readonly when: readonly When[];
  readonly afterMs?: number;
  readonly status?: string;
  readonly event?: { readonly type: "Normal" | "Warning"; readonly reason: string; readonly message: string };
  readonly remove?: true;
}

const phase = (...phases: string[]): When => ({ key: ".status.phase", in: phases });
const reason = (...reasons: string[]): When => ({
  key: '.status.containerStatuses[0].state.waiting.reason // ""',
  in: reasons,
});
const runs: When = { key: '.status.containerStatuses[0].state | has("running") | tostring', in: ["true"] };
const condition = (type: string, status: string): When => ({
  key: `(.status.conditions // [] | map(select(.type == "${type}")) | .[0].status) // ""`,
  in: [status],
});
const unstarted: When = { key: '.status.startTime // ""', in: [""] };
const READY_ONES = ["none", "evict", "slow-end", "slow", "late-crash"] as const;

/** Every stage of pods, for the KWOK controller's configuration. */
export function podStages(): readonly Stage[] {
  return STEPS.map(stage);
}

const STEPS: readonly Step[] = [
  {
    name: "ready",
    faults: READY_ONES.filter((fault) => fault !== "slow"),
    when: [phase("Pending")],
    status: running(true),
  },
  {
    name: "slow-starts",
    faults: ["slow"],
    when: [phase("Pending"), unstarted],
    status: waiting("ContainerCreating", ""),
  },
  {
    name: "slow-ready",
    faults: ["slow"],
    when: [phase("Pending"), reason("ContainerCreating")],
    afterMs: 5000,
    status: running(true),
  },
  {
    // The node's heartbeats were late, and it was taken for gone; a kubelet says what it knows anew.
    name: "ready-again",
    faults: ["none", "slow", "slow-end"],
    when: [phase("Running"), condition("Ready", "False"), condition("ContainersReady", "True")],
    afterMs: 1000,
    status: running(true),
  },
  {
    name: "never-starts",
    faults: ["never-start"],
    when: [phase("Pending"), unstarted],
    status: waiting("ContainerCreating", ""),
  },
  {
    name: "never-ready",
    faults: ["never-ready"],
    when: [phase("Pending")],
    status: running(false),
  },
  {
    name: "probe-fails",
    faults: ["never-ready"],
    when: [phase("Running")],
    afterMs: 1000,
    event: {
      type: "Warning",
      reason: "Unhealthy",
      message: "Readiness probe failed: HTTP probe failed with statuscode: 503",
    },
  },
  { name: "crash-starts", faults: ["crash", "oom"], when: [phase("Pending")], status: running(false) },
  { name: "crash-ends", faults: ["crash"], when: [phase("Running"), runs], afterMs: 300, status: crashed("Error", 3) },
  {
    name: "late-crash-ends",
    faults: ["late-crash"],
    when: [phase("Running"), runs],
    afterMs: 3000,
    status: crashed("Error", 3),
  },
  {
    name: "oom-ends",
    faults: ["oom"],
    when: [phase("Running"), runs],
    afterMs: 300,
    status: crashed("OOMKilled", 137),
  },
  {
    name: "crash-again",
    faults: ["crash", "oom"],
    when: [phase("Running"), reason("CrashLoopBackOff")],
    afterMs: 1500,
    status: running(false),
    event: { type: "Warning", reason: "BackOff", message: "Back-off restarting failed container" },
  },
  {
    name: "late-crash-again",
    faults: ["late-crash"],
    when: [phase("Running"), reason("CrashLoopBackOff")],
    afterMs: 1500,
    status: running(true),
    event: { type: "Warning", reason: "BackOff", message: "Back-off restarting failed container" },
  },
  {
    name: "image-is-not-there",
    faults: ["image-pull"],
    when: [phase("Pending"), reason("", "ImagePullBackOff")],
    afterMs: 1500,
    status: waiting("ErrImagePull", "failed to pull and unpack image: failed to resolve reference: not found"),
    event: {
      type: "Warning",
      reason: "Failed",
      message: "Failed to pull image: failed to resolve reference: not found",
    },
  },
  {
    name: "image-is-waited-for",
    faults: ["image-pull"],
    when: [phase("Pending"), reason("ErrImagePull")],
    afterMs: 1000,
    status: waiting("ImagePullBackOff", "Back-off pulling image: failed to resolve reference: not found"),
  },
  {
    name: "configuration-is-not-there",
    faults: ["config"],
    when: [phase("Pending"), unstarted],
    status: waiting("CreateContainerConfigError", 'secret "settings" not found'),
  },
  {
    name: "evicted",
    faults: ["evict"],
    when: [phase("Running")],
    afterMs: 2000,
    status: evicted(),
    event: { type: "Warning", reason: "Evicted", message: "The node was low on resource: memory." },
  },
  {
    name: "ends",
    faults: ["none", ...FAULTS.filter((fault) => fault !== "slow-end")],
    when: [deleted(true)],
    afterMs: 100,
    remove: true,
  },
  { name: "ends-slowly", faults: ["slow-end"], when: [deleted(true)], afterMs: 10_000, remove: true },
  { name: "job-completes", faults: ["none"], when: [phase("Running"), ofJob()], afterMs: 300, status: completed() },
];

function stage(step: Step): Stage {
  const alive = step.remove === true ? [] : [deleted(false)];
  const expressions = [{ key: FAULT, in: step.faults }, ...alive, ...step.when].map((when) => ({
    key: when.key,
    operator: when.in === undefined ? "NotIn" : "In",
    values: when.in ?? when.not ?? [],
  }));
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name: `pod-${step.name}` },
    spec: {
      resourceRef: { apiGroup: "v1", kind: "Pod" },
      selector: { matchExpressions: expressions },
      ...(step.afterMs === undefined ? {} : { delay: { durationMilliseconds: step.afterMs } }),
      next: {
        ...(step.status === undefined ? {} : { statusTemplate: step.status }),
        ...(step.event === undefined ? {} : { event: step.event }),
        ...(step.remove === undefined ? {} : { finalizers: { empty: true }, delete: true }),
      },
    },
  };
}

function deleted(yes: boolean): When {
  return { key: '.metadata | has("deletionTimestamp") | tostring', in: [String(yes)] };
}

function ofJob(): When {
  return { key: '.metadata.ownerReferences[0].kind // ""', in: ["Job"] };
}

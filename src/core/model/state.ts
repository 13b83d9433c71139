import type { CompiledStage } from "../../spec/compiled.js";
import type { Cause } from "./cause.js";
import type { DeploymentId, DeploymentKind, DeploymentOutcome, DeploymentStep } from "./events.js";
import type { EnvironmentKey, GroupId, RevisionId, ServiceName } from "./intent.js";
import type { Judgement } from "./judgement.js";
import type { Revision } from "./revision.js";

/** Everything that the events of one environment add up to. */
export interface EnvironmentState {
  readonly key: EnvironmentKey;
  readonly version: number;
  /** The version of the last event that changed what the target is told. */
  readonly intentVersion: number;
  /** Engine time of the last event. */
  readonly at: number;
  /** How many deployments were asked for; names the next one, `d<n>`. */
  readonly deployments: number;
  readonly revisions: Readonly<Record<RevisionId, Revision>>;
  readonly services: Readonly<Record<ServiceName, ServiceState>>;
  /** The one in progress, or the last one. */
  readonly deployment: DeploymentState | null;
  /** Asked for while another one goes on; starts when that one is back. */
  readonly next: DeploymentRequest | null;
  /** Revisions that ran well here, oldest first; the last one is current. A rollback drops from the end. */
  readonly settled: readonly RevisionId[];
  readonly holds: Readonly<Record<RevisionId, Hold>>;
  /** How often each secret was set, by name; values are never here. */
  readonly configuration: Readonly<Record<string, number>>;
  /** What `windlass scale` asked for, over the spec's replicas. */
  readonly scale: Readonly<Record<ServiceName, number>>;
  /** Observed rollouts that did not settle, by `<service> <revision>`; the last ones. Attempts share one risk of a false alarm. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Idempotency keys of the last commands and the version each one ended at; bounded. */
  readonly keys: readonly {
    readonly key: string;
    readonly version: number;
    readonly deployment: DeploymentId | null;
  }[];
}

export interface Hold {
  readonly reason: string;
  readonly by: string;
  readonly at: number;
}

export interface DeploymentRequest {
  readonly id: DeploymentId;
  readonly to: RevisionId;
  readonly kind: DeploymentKind;
  readonly reason: string | null;
  readonly fast: boolean;
  readonly by: string;
  readonly at: number;
}

export interface DeploymentState extends DeploymentRequest {
  readonly from: RevisionId | null;
  readonly steps: readonly DeploymentStep[];
  readonly startedAt: number;
  readonly finishedAt: number | null;
  /** Set once it goes back; the first cause. */
  readonly cause: Cause | null;
  readonly outcome: DeploymentOutcome | null;
  /** `advance --full`: the rollouts still to come skip their stages, too. */
  readonly full: boolean;
  readonly paused: { readonly by: string; readonly reason: string | null; readonly at: number } | null;
}

export interface ServiceState {
  /** The group that a rollback of the deployment in progress goes back to. */
  readonly stable: GroupId | null;
  readonly groups: Readonly<Record<GroupId, GroupState>>;
  readonly weights: Readonly<Record<GroupId, number>>;
  readonly routed: GroupId | null;
  /** Of the deployment in progress; null before its turn and after its end. */
  readonly rollout: RolloutState | null;
}

export interface GroupState {
  readonly revision: RevisionId;
  readonly replicas: number;
  /** Engine time after which a group without traffic goes; null: it stays. */
  readonly removeAt: number | null;
}

export interface RolloutState {
  readonly from: GroupId | null;
  readonly to: GroupId;
  /** Replicas that the old group had when it began, where an autoscaler moves them; absent: as the spec says. */
  readonly scaled?: number;
  readonly phase: "forward" | "arrived" | "returning" | "returned";
  /** False when the way back ended with an old group that is not ready. */
  readonly clean: boolean;
  readonly progression: ProgressionState;
  readonly smoke: { readonly task: string; readonly passed: boolean | null; readonly detail: string } | null;
  readonly startedAt: number;
  /** Engine time since which the new group gets requests; null: none yet. */
  readonly trafficSince: number | null;
  /** When replicas or weights were last changed: the ready deadline counts from here. */
  readonly shapedAt: number;
  readonly shapedVersion: number;
}

export interface ProgressionState {
  readonly stages: readonly CompiledStage[];
  /** Index of the stage; -1 before the first. */
  readonly stage: number;
  readonly enteredAt: number;
  /** Engine time since which the stage's share is in force; null: not yet. */
  readonly observingSince: number | null;
  readonly advance: "next" | "full" | null;
  readonly judged: Judgement | null;
}

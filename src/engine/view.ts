import type { Waiting } from "../core/deployment/waiting.js";
import type { Cause } from "../core/model/cause.js";
import type { DeploymentKind, DeploymentOutcome } from "../core/model/events.js";
import type { EnvironmentKey, GroupId, RevisionId, ServiceName } from "../core/model/intent.js";
import type { Judgement } from "../core/model/judgement.js";
import type { Drift, ReplicaObservation, ResourceObservation } from "../core/model/observation.js";
import type { Hold } from "../core/model/state.js";

/** A revision as people see it. */
export interface RevisionName {
  readonly id: RevisionId;
  readonly label: string;
}

/** One environment as it is now: what the terminal, `--json` and later the dashboard show. Times are engine ms. */
export interface EnvironmentView {
  readonly environment: EnvironmentKey;
  readonly version: number;
  readonly now: number;
  /** Where it runs when that is a cluster; absent: on a host. */
  readonly cluster?: { readonly context: string | null; readonly namespace: string };
  /** What ran well last, and runs unless a deployment is in progress; null: nothing yet. */
  readonly current: RevisionName | null;
  readonly deployment: DeploymentView | null;
  /** Asked for, waiting for the one in progress to be back. */
  readonly next: { readonly id: string; readonly to: RevisionName } | null;
  readonly waiting: Waiting;
  readonly services: readonly ServiceView[];
  readonly resources: Readonly<Record<string, ResourceObservation>>;
  readonly holds: readonly (Hold & { readonly revision: RevisionName })[];
  /** Where a bare `rollback` would go; null: nowhere. */
  readonly before: RevisionName | null;
  /** What the target said last went wrong; null: it answers. */
  readonly targetProblem: string | null;
  /** When the target was last seen; null: never in this process. */
  readonly seenAt: number | null;
  /** What somebody else changed there, the latest first; absent: nothing. */
  readonly drift?: readonly Drift[];
}

export interface DeploymentView {
  readonly id: string;
  readonly kind: DeploymentKind;
  readonly from: RevisionName | null;
  readonly to: RevisionName;
  readonly by: string;
  readonly reason: string | null;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly outcome: DeploymentOutcome | null;
  readonly goingBack: boolean;
  readonly cause: Cause | null;
  readonly paused: { readonly by: string; readonly reason: string | null; readonly at: number } | null;
}

export interface ServiceView {
  readonly name: ServiceName;
  /** Where clients reach it; in a cluster its way in, or its name inside. Null: a worker, or not bound yet. */
  readonly url: string | null;
  readonly groups: readonly GroupView[];
  readonly stage: StageView | null;
  readonly judgement: Judgement | null;
}

export interface GroupView {
  readonly id: GroupId;
  readonly revision: RevisionName;
  readonly role: "stable" | "new" | "kept";
  readonly asked: number;
  readonly ready: number;
  /** Percent that was asked for, and percent that the edge has in force (null: it does not say). */
  readonly weight: number;
  readonly weightInForce: number | null;
  readonly inFlight: number;
  readonly problem: string | null;
  readonly replicas: readonly ReplicaObservation[];
  /** Engine time after which a kept group goes. */
  readonly removeAt: number | null;
}

export interface StageView {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly share: number;
  readonly observingSince: number | null;
  readonly minMs: number;
  readonly maxMs: number;
}

/** What a rollback would do, shown before it is done. */
export interface RollbackPreview {
  readonly from: RevisionName | null;
  readonly to: RevisionName;
  readonly withoutStages: boolean;
  readonly services: readonly { readonly service: ServiceName; readonly change: string }[];
  /** What it does not take back: data, resources, events outside. One sentence each. */
  readonly notReverted: readonly string[];
}

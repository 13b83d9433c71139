import type { CompiledStage } from "../../spec/compiled.js";
import type { Cause } from "./cause.js";
import type { GroupId, RevisionId, ServiceName } from "./intent.js";
import type { Judgement } from "./judgement.js";
import type { Revision } from "./revision.js";

export type DeploymentId = string;
/**
 * succeeded: what runs is what was asked for. rolled-back: every service is on what it ran before. failed: the
 * first deployment, or a way back that did not work; a person is needed. superseded: a newer one took over.
 */
export type DeploymentOutcome = "succeeded" | "rolled-back" | "failed" | "superseded";

export type DeploymentKind = "deploy" | "rollback";

/** What a deployment does with one service. */
export interface DeploymentStep {
  readonly service: ServiceName;
  readonly action: "roll-out" | "keep" | "remove";
  readonly from: GroupId | null;
  readonly to: GroupId | null;
  /** The stages it goes through; empty for keep and remove. */
  readonly stages: readonly CompiledStage[];
}

/** Facts, in the past tense. Adding a field that readers need makes a new version, `@2`, and an upcast. */
export type DomainEvent =
  | Event<"engine.started@1", { readonly version: string; readonly term: number }>
  | Event<"clock.jumped@1", { readonly byMs: number }>
  /** Secrets were set or removed; the names, never a value. */
  | Event<"configuration.changed@1", { readonly secrets: readonly string[] }>
  | Event<"revision.registered@1", { readonly revision: Revision }>
  | Event<
      "deployment.requested@1",
      {
        readonly deployment: DeploymentId;
        readonly to: RevisionId;
        readonly kind: DeploymentKind;
        readonly reason: string | null;
        /** Go to 100 % as soon as replicas are ready, without stages (rule 4, or asked for). */
        readonly fast: boolean;
      }
    >
  | Event<
      "deployment.started@1",
      {
        readonly deployment: DeploymentId;
        readonly from: RevisionId | null;
        readonly to: RevisionId;
        readonly steps: readonly DeploymentStep[];
      }
    >
  | Event<"deployment.superseded@1", { readonly deployment: DeploymentId; readonly by: DeploymentId }>
  | Event<"deployment.paused@1", { readonly deployment: DeploymentId; readonly reason: string | null }>
  | Event<"deployment.resumed@1", { readonly deployment: DeploymentId }>
  | Event<"deployment.advanced@1", { readonly deployment: DeploymentId; readonly full: boolean }>
  | Event<"deployment.turned@1", { readonly deployment: DeploymentId; readonly cause: Cause }>
  | Event<
      "deployment.finished@1",
      { readonly deployment: DeploymentId; readonly outcome: DeploymentOutcome; readonly cause: Cause | null }
    >
  | Event<
      "rollout.started@1",
      {
        readonly deployment: DeploymentId;
        readonly service: ServiceName;
        /** How many replicas an autoscaler had left the old group; absent: none moves it. */
        readonly scaled?: number;
      }
    >
  | Event<
      "rollout.shaped@1",
      {
        readonly deployment: DeploymentId;
        readonly service: ServiceName;
        /** Replicas of each group of the service. */
        readonly groups: Readonly<Record<GroupId, number>>;
        readonly weights: Readonly<Record<GroupId, number>>;
        /** Header and cookie routes lead to this group, or to none. */
        readonly routed: GroupId | null;
        readonly because: string;
      }
    >
  | Event<"stage.entered@1", StageFact & { readonly share: number; readonly of: number }>
  | Event<"stage.observing@1", StageFact>
  | Event<"stage.judged@1", StageFact & { readonly judgement: Judgement }>
  | Event<
      "smoke.requested@1",
      { readonly deployment: DeploymentId; readonly service: ServiceName; readonly task: string }
    >
  | Event<
      "smoke.finished@1",
      {
        readonly deployment: DeploymentId;
        readonly service: ServiceName;
        readonly task: string;
        readonly passed: boolean;
        readonly detail: string;
      }
    >
  | Event<"rollout.arrived@1", { readonly deployment: DeploymentId; readonly service: ServiceName }>
  | Event<
      "rollout.returned@1",
      { readonly deployment: DeploymentId; readonly service: ServiceName; readonly clean: boolean }
    >
  | Event<"group.removed@1", { readonly service: ServiceName; readonly group: GroupId; readonly because: string }>
  | Event<"hold.placed@1", { readonly revision: RevisionId; readonly reason: string }>
  | Event<"hold.lifted@1", { readonly revision: RevisionId; readonly reason: string | null }>
  | Event<"service.scaled@1", { readonly service: ServiceName; readonly replicas: number }>
  | Event<"environment.stopped@1", { readonly reason: string | null }>;

interface Event<T extends string, D> {
  readonly type: T;
  readonly data: D;
}

interface StageFact {
  readonly deployment: DeploymentId;
  readonly service: ServiceName;
  readonly stage: number;
}

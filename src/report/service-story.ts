import { attemptOf } from "../core/deployment/attempts.js";
import { slowThreshold } from "../core/deployment/desired.js";
import type { KnownRecord } from "../core/model/event.js";
import type { DeploymentStep } from "../core/model/events.js";
import type { GroupId } from "../core/model/intent.js";
import type { Revision } from "../core/model/revision.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { CompiledService } from "../spec/compiled.js";
import type { Judged } from "./story.js";

export interface StageStory {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  /** Percent of requests. */
  readonly share: number;
  readonly enteredAt: number;
  /** Since when the share was in force; null: never. */
  readonly observedAt: number | null;
  readonly until: number;
  readonly judged: readonly Judged[];
}

/** What a deployment did with one service. Times are engine milliseconds. */
export interface ServiceStory {
  readonly service: string;
  readonly action: DeploymentStep["action"];
  readonly stable: GroupId | null;
  readonly canary: GroupId | null;
  readonly spec: CompiledService | null;
  /** 1 for the first time that this revision was tried here. */
  readonly attempt: number;
  /** The threshold by which `slow` was counted before and during the rollout; null: by none, or by two. */
  readonly slowMs: number | null;
  /** When the first requests went to the new group, and until when it was judged. */
  readonly since: number | null;
  readonly until: number;
  readonly stages: readonly StageStory[];
}

/** `before`: the environment as the deployment found it. */
export function serviceStories(
  before: EnvironmentState,
  own: readonly KnownRecord[],
  to: Revision | null,
  turnedAt: number | null,
  until: number,
): readonly ServiceStory[] {
  const started = own.find((event) => event.type === "deployment.started@1");
  if (started?.type !== "deployment.started@1") return [];
  const old = before.revisions[before.settled.at(-1) ?? ""]?.environment;
  const end = Math.min(turnedAt ?? until, until);
  return started.data.steps.map(({ service, action, from, to: canary }) => {
    const spec = to?.environment.services[service] ?? null;
    const [then, now] = [old?.services[service], spec].map((one) => (one == null ? null : slowThreshold(one)));
    return {
      service,
      action,
      stable: from,
      canary,
      spec,
      attempt: attemptOf(before, service, started.data.to),
      slowMs: then === now ? (now ?? null) : null,
      since: canary === null || action !== "roll-out" ? null : firstTraffic(own, service, canary),
      until: end,
      stages: stagesOf(own, service, end),
    };
  });
}

function firstTraffic(own: readonly KnownRecord[], service: string, canary: GroupId): number | null {
  const first = own.find((event) => {
    if (event.type !== "rollout.shaped@1" || event.data.service !== service) return false;
    return (event.data.weights[canary] ?? 0) > 0 || event.data.routed === canary;
  });
  return first?.at ?? null;
}

function stagesOf(own: readonly KnownRecord[], service: string, until: number): readonly StageStory[] {
  const stages: { -readonly [K in keyof StageStory]: StageStory[K] }[] = [];
  for (const event of own) {
    if (!("service" in event.data) || event.data.service !== service) continue;
    const current = stages.at(-1);
    if (event.type === "stage.entered@1") {
      if (current !== undefined) current.until = event.at;
      const { stage, of, share } = event.data;
      stages.push({ number: stage + 1, of, share, enteredAt: event.at, observedAt: null, until, judged: [] });
    } else if (current === undefined) continue;
    else if (event.type === "stage.observing@1") current.observedAt ??= event.at;
    else if (event.type === "stage.judged@1")
      current.judged = [...current.judged, { at: event.at, judgement: event.data.judgement }];
    else if (event.type === "rollout.arrived@1") current.until = event.at;
  }
  return stages;
}

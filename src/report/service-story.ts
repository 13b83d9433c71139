import type { EventRecord } from "../core/model/event.js";
import type { DeploymentStep } from "../core/model/events.js";
import type { GroupId } from "../core/model/intent.js";
import type { Revision } from "../core/model/revision.js";
import type { CompiledService } from "../spec/compiled.js";
import { factOf, type Judged } from "./story.js";

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
  /** How often this revision was tried before, and once more. */
  readonly attempt: number;
  /** When the first requests went to the new group, and until when it was judged. */
  readonly since: number | null;
  readonly until: number;
  readonly stages: readonly StageStory[];
}

export function serviceStories(
  all: readonly EventRecord[],
  own: readonly EventRecord[],
  deployment: string,
  to: Revision | null,
  turnedAt: number | null,
  until: number,
): readonly ServiceStory[] {
  const started = own.map(factOf).find((event) => event.type === "deployment.started@1");
  if (started?.type !== "deployment.started@1") return [];
  const attempt = attempts(all, started.data.to, deployment);
  return started.data.steps.map(({ service, action, from, to: canary }) => {
    const end = Math.min(turnedAt ?? until, until);
    return {
      service,
      action,
      stable: from,
      canary,
      spec: to?.environment.services[service] ?? null,
      attempt,
      since: canary === null || action !== "roll-out" ? null : firstTraffic(own, service, canary),
      until: end,
      stages: stagesOf(own, service, end),
    };
  });
}

function attempts(all: readonly EventRecord[], to: string, deployment: string): number {
  let count = 0;
  for (const record of all) {
    const event = factOf(record);
    if (event.type !== "deployment.started@1" || event.data.to !== to) continue;
    count++;
    if (event.data.deployment === deployment) break;
  }
  return count;
}

function firstTraffic(own: readonly EventRecord[], service: string, canary: GroupId): number | null {
  const first = own.find((record) => {
    const event = factOf(record);
    if (event.type !== "rollout.shaped@1" || event.data.service !== service) return false;
    return (event.data.weights[canary] ?? 0) > 0 || event.data.routed === canary;
  });
  return first?.at ?? null;
}

function stagesOf(own: readonly EventRecord[], service: string, until: number): readonly StageStory[] {
  const stages: { -readonly [K in keyof StageStory]: StageStory[K] }[] = [];
  for (const record of own) {
    const event = factOf(record);
    if (!("service" in event.data) || event.data.service !== service) continue;
    const current = stages.at(-1);
    if (event.type === "stage.entered@1") {
      if (current !== undefined) current.until = record.at;
      const { stage, of, share } = event.data;
      stages.push({ number: stage + 1, of, share, enteredAt: record.at, observedAt: null, until, judged: [] });
    } else if (current === undefined) continue;
    else if (event.type === "stage.observing@1") current.observedAt ??= record.at;
    else if (event.type === "stage.judged@1")
      current.judged = [...current.judged, { at: record.at, judgement: event.data.judgement }];
    else if (event.type === "rollout.arrived@1") current.until = record.at;
  }
  return stages;
}

import type { Cause } from "../core/model/cause.js";
import type { DomainEvent } from "../core/model/events.js";
import type { Verdict } from "../core/model/judgement.js";
import type { CompiledStage } from "../spec/compiled.js";

/**
 * How a rehearsed stage ended. `time`: it asks for no verdict. `hold`, `abort`, `continue`: its time was over without
 * one. `fault`: something else than a verdict turned the rollout back. `open`: the rehearsal ended first.
 */
export type StageEnd = "pass" | "fail" | "time" | "hold" | "abort" | "continue" | "fault" | "open";

export interface StageReport {
  readonly share: number;
  /** Milliseconds with its share in force. */
  readonly observedMs: number;
  readonly end: StageEnd;
}

export interface Fact {
  readonly at: number;
  readonly event: DomainEvent;
}

interface Open {
  readonly share: number;
  readonly asks: boolean;
  observingSince: number | null;
  verdict: Verdict | null;
}

/** The stages of one rollout from its facts, oldest first. `endedAt`: when the rehearsal stopped looking. */
export function stagesFrom(facts: readonly Fact[], service: string, endedAt: number, holds: boolean): StageReport[] {
  const reports: StageReport[] = [];
  let planned: readonly CompiledStage[] = [];
  let open: Open | null = null;
  const close = (at: number, end: StageEnd) => {
    if (open === null) return;
    const observedMs = open.observingSince === null ? 0 : at - open.observingSince;
    reports.push({ share: open.share, observedMs, end });
    open = null;
  };
  for (const { at, event } of facts) {
    if (event.type === "deployment.started@1")
      planned = event.data.steps.find((step) => step.service === service)?.stages ?? [];
    if (event.type === "deployment.turned@1") close(at, turnedEnd(event.data.cause));
    if (!("service" in event.data) || event.data.service !== service) continue;
    if (event.type === "stage.entered@1") {
      close(at, leftWith(open));
      const asks = (planned[event.data.stage]?.maxMs ?? 0) > 0;
      open = { share: event.data.share, asks, observingSince: null, verdict: null };
    }
    if (event.type === "rollout.arrived@1") close(at, leftWith(open));
    if (event.type === "stage.observing@1" && open !== null) (open as Open).observingSince = at;
    if (event.type === "stage.judged@1" && open !== null) (open as Open).verdict = event.data.judgement.verdict;
  }
  close(endedAt, holds ? "hold" : "open");
  return reports;
}

/** A stage is left by itself: with a pass, without one because the spec goes on, or because it asks for none. */
function leftWith(open: Open | null): StageEnd {
  if (open === null || !open.asks || open.verdict === null) return "time";
  return open.verdict === "pass" ? "pass" : "continue";
}

function turnedEnd({ kind }: Cause): StageEnd {
  if (kind === "verdict") return "fail";
  return kind === "too-little-data" ? "abort" : "fault";
}

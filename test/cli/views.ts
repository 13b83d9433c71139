import type { EventRecord } from "../../src/core/model/event.js";
import type { DomainEvent } from "../../src/core/model/events.js";
import type { ReplicaObservation } from "../../src/core/model/observation.js";
import type { EnvironmentView, GroupView, ServiceView } from "../../src/engine/view.js";

/** Engine time of the stories; the world's wall clock says the same. */
export const NOW = Date.UTC(2026, 10, 21, 9, 30, 0);

export const R1 = { id: "r1", label: "1.0.0-aaaaaaa" };
export const R2 = { id: "r2", label: "1.1.0-bbbbbbb" };

export function replica(id: string, changes: Partial<ReplicaObservation> = {}): ReplicaObservation {
  const calm = { restarts: 0, crashLoop: false, lastExit: null, probe: null, port: 40_001, pid: 100 };
  return { id, phase: "ready", ...calm, ...changes };
}

export function group(revision: typeof R1, changes: Partial<GroupView> = {}): GroupView {
  return {
    id: revision.id,
    revision,
    role: "stable",
    asked: 2,
    ready: 2,
    weight: 100,
    weightInForce: 100,
    inFlight: 0,
    problem: null,
    replicas: [replica(`api-${revision.id}-1`), replica(`api-${revision.id}-2`)],
    removeAt: null,
    ...changes,
  };
}

export function service(changes: Partial<ServiceView> = {}): ServiceView {
  return { name: "api", url: "http://127.0.0.1:8080", groups: [group(R1)], stage: null, judgement: null, ...changes };
}

/** An environment at rest on its first revision. */
export function resting(changes: Partial<EnvironmentView> = {}): EnvironmentView {
  return {
    environment: "shop/production",
    version: 12,
    now: NOW,
    current: R1,
    deployment: {
      id: "d1",
      kind: "deploy",
      from: null,
      to: R1,
      by: "user:ada",
      reason: null,
      startedAt: NOW - 3_700_000,
      finishedAt: NOW - 3_600_000,
      outcome: "succeeded",
      goingBack: false,
      cause: null,
      paused: null,
    },
    next: null,
    waiting: {
      service: null,
      sentence: "nothing: 1.0.0-aaaaaaa (r1) runs and no deployment is in progress",
      change: "`windlass deploy`",
      until: null,
    },
    services: [service()],
    resources: { db: { phase: "ready", detail: "PostgreSQL 15.18 (installed)" } },
    holds: [],
    before: null,
    targetProblem: null,
    seenAt: NOW,
    ...changes,
  };
}

/** A canary at 10 % with numbers. */
export function canary(changes: Partial<EnvironmentView> = {}): EnvironmentView {
  const old = group(R1, { weight: 90, weightInForce: 90 });
  const fresh = group(R2, {
    role: "new",
    asked: 1,
    ready: 1,
    weight: 10,
    weightInForce: 10,
    replicas: [replica("api-r2-1")],
  });
  return resting({
    version: 20,
    deployment: {
      id: "d2",
      kind: "deploy",
      from: R1,
      to: R2,
      by: "user:ada",
      reason: "faster search",
      startedAt: NOW - 75_000,
      finishedAt: null,
      outcome: null,
      goingBack: false,
      cause: null,
      paused: null,
    },
    waiting: {
      service: "api",
      sentence: "api at 10 % (stage 1 of 3) is observed",
      change: "its time is over, or `windlass advance`",
      until: NOW + 45_000,
    },
    services: [
      service({
        groups: [old, fresh],
        stage: { number: 1, of: 3, share: 10, observingSince: NOW - 75_000, minMs: 120_000, maxMs: 240_000 },
        judgement: {
          verdict: "inconclusive",
          sentence: "12 of 20 requests needed for a verdict",
          signals: [
            {
              signal: "errors",
              verdict: "inconclusive",
              canary: { bad: 0, total: 12 },
              stable: { bad: 0, total: 110 },
              sentence: "errors: 12 of 20 requests needed for a verdict",
            },
            {
              signal: "restarts",
              verdict: "pass",
              canary: { bad: 0, total: 0 },
              stable: null,
              sentence: "0 restarts in 60 s (limit 2)",
            },
          ],
        },
      }),
      service({
        name: "mailer",
        url: null,
        groups: [group(R1, { asked: 1, ready: 1, weight: 0, weightInForce: null, replicas: [] })],
      }),
    ],
    ...changes,
  });
}

export function event(version: number, fact: DomainEvent, changes: Partial<EventRecord> = {}): EventRecord {
  return {
    ...fact,
    stream: "shop/production",
    version,
    sequence: version,
    at: NOW + version * 1000,
    wall: new Date(NOW + version * 1000).toISOString(),
    by: "engine",
    key: null,
    ...changes,
  };
}

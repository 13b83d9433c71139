import type { ExitReport } from "../../../core/model/observation.js";
import { backoffMs, GOOD_RUN_MS, isCrashLoop } from "./backoff.js";
import { begin, putOff, record } from "./probe-count.js";
import {
  type ExitFacts,
  freshProbes,
  type ProbeKind,
  type ReplicaEffect,
  type ReplicaEvent,
  type ReplicaState,
} from "./replica-state.js";

export interface Decision {
  readonly state: ReplicaState;
  readonly effects: readonly ReplicaEffect[];
}

/** A worker without a probe is ready when it has lived this long. */
const WORKER_READY_MS = 1_000;
const LOOK_AGAIN_MS = 200;
const KILL_AGAIN_MS = 1_000;
const MEMORY = "it needed more memory than its limit";

/** The life of one replica: pure; `now` is milliseconds of a monotonic clock. */
export function decide(state: ReplicaState, event: ReplicaEvent, now: number): Decision {
  switch (event.kind) {
    case "tick":
      return tick(state, now);
    case "launched": {
      const started: ReplicaState = {
        ...state,
        phase: "starting",
        launching: false,
        waitsFor: null,
        process: event.process,
        port: event.port,
        startedAt: now - (event.ranMs ?? 0),
        dying: null,
        probes: freshProbes(state.plan, now),
      };
      return state.leaving ? terminate(started, now) : same(started);
    }
    case "launch-failed":
      return ended(state, couldNotStart(event.message), 0, now);
    case "waits":
      if (state.leaving) return { state: { ...state, launching: false, phase: "gone" }, effects: [] };
      return same({ ...state, launching: false, waitsFor: event.for, deadline: now + LOOK_AGAIN_MS });
    case "exited":
      return ended(state, report(state, event.exit, now), ranMs(state, event.exit, now), now);
    case "probed":
      return probed(state, event.probe, event.ok, event.detail, now);
    case "unprobed": {
      const count = putOff(state.probes[event.probe], state.plan.probes[event.probe], now);
      return same({ ...state, probes: { ...state.probes, [event.probe]: count } });
    }
    case "memory-exceeded":
      if (state.process === null || state.dying !== null) return same(state);
      return {
        state: {
          ...state,
          phase: "stopping",
          dying: { reason: "out-of-memory", message: event.message },
          deadline: now,
        },
        effects: [{ kind: "kill" }],
      };
    case "stop":
      return stop(state, now);
    case "drained":
      return state.phase === "draining" ? terminate(state, now) : same(state);
  }
}

function same(state: ReplicaState): Decision {
  return { state, effects: [] };
}

function tick(state: ReplicaState, now: number): Decision {
  if (state.phase === "draining" && now >= state.deadline) return terminate(state, now);
  if (state.phase === "stopping" && state.process !== null && now >= state.deadline)
    return { state: { ...state, deadline: now + KILL_AGAIN_MS }, effects: [{ kind: "kill" }] };
  if (state.leaving || state.phase === "stopping" || state.phase === "gone") return same(state);
  if (state.process === null) {
    if (state.launching || now < state.deadline) return same(state);
    return { state: { ...state, phase: "starting", launching: true }, effects: [{ kind: "launch" }] };
  }
  const forgiven = state.streak > 0 && now - state.startedAt >= GOOD_RUN_MS ? { ...state, streak: 0 } : state;
  return dueProbes(agedWorker(forgiven, now), now);
}

function agedWorker(state: ReplicaState, now: number): ReplicaState {
  const { startup, readiness } = state.plan.probes;
  if (readiness !== null || state.phase !== "starting") return state;
  const started = startup === null ? now - state.startedAt >= WORKER_READY_MS : state.probes.startup.passing === true;
  return started ? { ...state, phase: "ready" } : state;
}

function dueProbes(state: ReplicaState, now: number): Decision {
  const started = state.plan.probes.startup === null || state.probes.startup.passing === true;
  const kinds: readonly ProbeKind[] = started ? ["liveness", "readiness"] : ["startup"];
  const due = kinds.filter((kind) => {
    const count = state.probes[kind];
    return state.plan.probes[kind] !== null && !count.running && now >= count.nextAt;
  });
  if (due.length === 0) return same(state);
  const probes = { ...state.probes };
  for (const kind of due) probes[kind] = begin(probes[kind], now);
  return { state: { ...state, probes }, effects: due.map((probe) => ({ kind: "probe", probe })) };
}

function probed(state: ReplicaState, kind: ProbeKind, ok: boolean, detail: string, now: number): Decision {
  const probe = state.plan.probes[kind];
  if (probe === null || state.process === null) return same(state);
  const count = record(state.probes[kind], probe, ok, detail, now);
  const next: ReplicaState = { ...state, probes: { ...state.probes, [kind]: count } };
  if (next.leaving || next.phase === "stopping") return same(next);
  if (kind === "readiness") {
    if (count.passing === true) return same({ ...next, phase: "ready" });
    return same(next.phase === "ready" && count.passing === false ? { ...next, phase: "unready" } : next);
  }
  if (count.passing !== false) return same(next);
  const message = `the ${kind} probe failed ${count.fails} times: ${detail}`;
  return terminate({ ...next, dying: { reason: "liveness", message } }, now);
}

function stop(state: ReplicaState, now: number): Decision {
  if (state.leaving) return same(state);
  const leaving: ReplicaState = { ...state, leaving: true };
  if (state.process === null) return same(state.launching ? leaving : { ...leaving, phase: "gone" });
  if (state.phase === "stopping") return same(leaving);
  // What was never ready never had a request.
  if (state.plan.hasPort && state.phase !== "starting")
    return same({ ...leaving, phase: "draining", deadline: now + state.plan.drainMs });
  return terminate(leaving, now);
}

function terminate(state: ReplicaState, now: number): Decision {
  return {
    state: { ...state, phase: "stopping", deadline: now + state.plan.stopGraceMs },
    effects: [{ kind: "terminate" }],
  };
}

function ended(state: ReplicaState, lastExit: ExitReport, ran: number, now: number): Decision {
  const after: ReplicaState = { ...state, process: null, launching: false, waitsFor: null, dying: null, lastExit };
  if (state.leaving) return { state: { ...after, phase: "gone" }, effects: [{ kind: "sweep" }] };
  const streak = ran >= GOOD_RUN_MS ? 1 : state.streak + 1;
  return {
    state: { ...after, phase: "backoff", streak, restarts: state.restarts + 1, deadline: now + backoffMs(streak) },
    effects: [{ kind: "sweep" }, { kind: "restarting" }],
  };
}

function couldNotStart(message: string): ExitReport {
  return { code: null, signal: null, reason: "could-not-start", message, lastLines: [] };
}

function report(state: ReplicaState, exit: ExitFacts, now: number): ExitReport {
  const { code, signal, lastLines } = exit;
  if (exit.outOfMemory || state.dying !== null) {
    const dying = exit.outOfMemory
      ? { reason: "out-of-memory" as const, message: state.dying?.message ?? exit.because ?? MEMORY }
      : state.dying;
    if (dying !== null) return { code, signal, reason: dying.reason, message: dying.message, lastLines };
  }
  const reason = state.leaving ? "stopped" : exit.known ? "exited" : "unknown";
  return { code, signal, reason, message: howItEnded(exit, ranMs(state, exit, now)), lastLines };
}

function ranMs(state: ReplicaState, exit: ExitFacts, now: number): number {
  return exit.ranMs ?? (state.process === null ? 0 : now - state.startedAt);
}

function howItEnded(exit: ExitFacts, ranMs: number): string {
  const after = `after ${(ranMs / 1000).toFixed(1)} s`;
  if (!exit.known)
    return `it ended ${after}; ${exit.because ?? "how is unknown, because another daemon had started it"}`;
  if (exit.signal !== null) return `it was ended by ${exit.signal} ${after}`;
  if (exit.code === 0) return `it ended by itself with exit code 0 ${after}; a service has to stay in the foreground`;
  return `it ended with exit code ${exit.code} ${after}`;
}

export function crashLoops(state: ReplicaState): boolean {
  return isCrashLoop(state.streak);
}

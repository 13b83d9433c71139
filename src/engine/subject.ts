import { attemptOf, isObserved, judgedSince } from "../core/deployment/attempts.js";
import { slowThreshold } from "../core/deployment/desired.js";
import type { GroupId } from "../core/model/intent.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { CompiledService, Guard } from "../spec/compiled.js";

/** One service whose new group is judged, or will be once it gets requests. */
export interface Subject {
  readonly deployment: string;
  readonly service: string;
  readonly spec: CompiledService;
  readonly guards: readonly Guard[];
  readonly stable: GroupId | null;
  readonly canary: GroupId;
  readonly startedAt: number;
  /** Engine time since which it is judged; null: it has no requests yet. */
  readonly since: number | null;
  /** 1 for the first time that this revision is tried here. */
  readonly attempt: number;
  /**
   * Both groups answer side by side for as long as a stage lasts. Where they do not, a comparison may fail, but has no
   * chance to pass: guards and time decide (rolling, blue-green, workers).
   */
  readonly isSideBySide: boolean;
  /** The threshold by which `slow` was counted before and is counted now; null: by none, or by two. */
  readonly slowMs: number | null;
}

/**
 * Who is judged now: rollouts with stages that go forward, also those that arrived while others follow. A first
 * deployment and a way back inside the window are gated by readiness alone; who goes back is not judged any more.
 */
export function subjectsOf(state: EnvironmentState): readonly Subject[] {
  const { deployment } = state;
  if (deployment === null || deployment.outcome !== null) return [];
  const revision = state.revisions[deployment.to];
  const before = state.revisions[state.settled.at(-1) ?? ""];
  const subjects: Subject[] = [];
  for (const [service, { rollout }] of Object.entries(state.services)) {
    const spec = revision?.environment.services[service];
    if (rollout === null || spec === undefined) continue;
    if ((rollout.phase !== "forward" && rollout.phase !== "arrived") || !isObserved(rollout)) continue;
    const isWorker = spec.listen === null;
    const old = before?.environment.services[service];
    const slowMs = slowThreshold(spec);
    subjects.push({
      deployment: deployment.id,
      service,
      spec,
      // A worker answers nothing: it is judged by its restarts, from its first replica on.
      guards: isWorker ? spec.guards.filter((guard) => guard.signal === "restarts") : spec.guards,
      stable: rollout.from,
      canary: rollout.to,
      startedAt: rollout.startedAt,
      since: judgedSince(rollout, isWorker),
      attempt: attemptOf(state, service, deployment.to),
      isSideBySide: !isWorker && spec.strategy.kind === "canary",
      slowMs: old !== undefined && slowThreshold(old) === slowMs ? slowMs : null,
    });
  }
  return subjects;
}

/** Requests come here between deployments, too: what they are like is worth knowing before the next one. */
export function listens(state: EnvironmentState): boolean {
  const services = state.revisions[state.settled.at(-1) ?? ""]?.environment.services ?? {};
  return Object.entries(services).some(([name, { listen }]) => listen !== null && state.services[name] !== undefined);
}

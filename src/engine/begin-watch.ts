import {
  RolloutAnalysis,
  type RolloutAnalysisOptions,
  type RolloutAnalysisSnapshot,
} from "../core/analysis/rollout.js";
import type { EnvironmentKey } from "../core/model/intent.js";
import { HISTORY_MS, show, spanOf } from "./history.js";
import type { Keeping } from "./keeping.js";
import type { EngineLog } from "./log.js";
import { RolloutWatch } from "./rollout-watch.js";
import type { Subject } from "./subject.js";

/** A rollout that is older than this left a checkpoint, if nothing was lost. */
const CHECKPOINTED_MS = 10_000;

/**
 * The watch of a rollout, shown everything before `to`, which comes from the series whether it begins now or another
 * engine began it. Its analysis goes on from its checkpoint; without one it begins anew with what the series still have.
 */
export async function beginWatch(
  environment: EnvironmentKey,
  subject: Subject,
  to: number,
  keeping: Keeping,
  log: EngineLog,
): Promise<RolloutWatch> {
  const { service, deployment, spec, startedAt, since } = subject;
  if (spec.analysis == null) {
    const watch = new RolloutWatch(subject, null);
    if (since === null) return watch;
    const span = spanOf(startedAt, since, since, to);
    show(watch, await keeping.seconds(service, span.from, to), span);
    return watch;
  }
  const { stable, canary, attempt, slowMs } = subject;
  const memory = await keeping.memory(service);
  const options = { analysis: spec.analysis, stable, canary, attempt, memory, slowMs };
  const kept = await keeping.checkpoint(service, deployment);
  const restored = kept === null ? null : restore(options, kept.analysis, environment, log);
  const watch = new RolloutWatch(subject, restored ?? new RolloutAnalysis(options));
  const span = spanOf(startedAt, since, restored?.at ?? null, to);
  const seconds = show(watch, await keeping.seconds(service, span.from, to), span);
  if (restored === null && since !== null && to - since > CHECKPOINTED_MS)
    log("warn", `${environment}: the analysis of ${service} begins anew: its checkpoint is gone`, {
      deployment,
      seconds,
      historyMs: HISTORY_MS,
    });
  return watch;
}

/** Null: another version of Windlass wrote it, and it says so in another way. */
function restore(
  options: RolloutAnalysisOptions,
  snapshot: RolloutAnalysisSnapshot,
  environment: EnvironmentKey,
  log: EngineLog,
): RolloutAnalysis | null {
  try {
    return RolloutAnalysis.restore(options, snapshot);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log("warn", `${environment}: a checkpoint of ${options.canary} cannot be read: ${why}`);
    return null;
  }
}

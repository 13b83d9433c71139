import { RolloutAnalysis } from "../core/analysis/rollout.js";
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
  const kept = await keeping.checkpoint(service, deployment);
  const memory = kept === null ? await keeping.memory(service) : null;
  const { stable, canary, attempt, slowMs } = subject;
  const options = { analysis: spec.analysis, stable, canary, attempt, memory, slowMs };
  const analysis = kept === null ? new RolloutAnalysis(options) : RolloutAnalysis.restore(options, kept.analysis);
  const watch = new RolloutWatch(subject, analysis);
  const span = spanOf(startedAt, since, kept?.analysis.at ?? null, to);
  const seconds = show(watch, await keeping.seconds(service, span.from, to), span);
  if (kept === null && since !== null && to - since > CHECKPOINTED_MS)
    log("warn", `${environment}: the analysis of ${service} begins anew: its checkpoint is gone`, {
      deployment,
      seconds,
      historyMs: HISTORY_MS,
    });
  return watch;
}

import type { CompiledEnvironment } from "../spec/compiled.js";
import type { Harm } from "./harm.js";
import { seedOf } from "./random.js";
import { rehearse } from "./rehearsal.js";
import { quantilesOf } from "./statistics.js";
import type { Rehearsed } from "./study.js";

/** Few, and each one whole: enough for "about 22 minutes", not for a second digit. */
export const PROBES = 9;

/**
 * Median time to a verdict when the new release stays at `share` percent: coarse rehearsals of a rollout with one long
 * stage. Null: not within `longestMs`, or not in half of them.
 */
export async function timeToVerdict(
  about: Rehearsed,
  harm: Harm,
  wanted: "fail" | "pass",
  share: number,
  longestMs: number,
): Promise<number | null> {
  const environment = withOneStage(
    about.environment,
    about.service,
    share,
    wanted === "pass" ? 1_000 : longestMs,
    longestMs,
  );
  const came: number[] = [];
  for (let run = 0; run < PROBES; run++) {
    // Too many have not come: what is left cannot move the median.
    if (run - came.length > PROBES / 2) return null;
    const result = await rehearse({
      environment,
      service: about.service,
      traffic: { ...about.conditions, harm: harm.shares },
      seed: seedOf(about.seed, 77, run),
      longestMs: longestMs + 120_000,
    });
    const [stage] = result.stages;
    if (wanted === "fail" && result.turned?.kind === "verdict") came.push(result.turned.afterMs);
    if (wanted === "pass" && stage?.end === "pass") came.push(stage.observedMs);
  }
  return quantilesOf(came, PROBES).median;
}

function withOneStage(
  environment: CompiledEnvironment,
  name: string,
  share: number,
  minMs: number,
  maxMs: number,
): CompiledEnvironment {
  const service = environment.services[name];
  if (service === undefined) return environment;
  const canary = service.strategy.kind === "canary" ? service.strategy : { routes: [], sticky: null, keepOldMs: 0 };
  const strategy = { ...canary, kind: "canary" as const, stages: [{ share, minMs, maxMs }] };
  return { ...environment, services: { [name]: { ...service, strategy, onTooLittleData: "hold" } } };
}

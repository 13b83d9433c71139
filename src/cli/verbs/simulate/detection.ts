import type { ControlPlane } from "../../../engine/control-plane.js";
import type { Plan } from "../../../plan/plan.js";
import { DEFAULT_HARMS, harmOf } from "../../../simulate/harm.js";
import { BRIEF, type Study, study } from "../../../simulate/study.js";
import type { CompiledEnvironment } from "../../../spec/compiled.js";
import { measuredTraffic } from "./traffic.js";

/** What the stages of one service can and cannot detect. */
export interface Detection {
  readonly service: string;
  /** Null: how many requests it gets is not known. */
  readonly study: Study | null;
}

const SEED = 1;

/** A few dozen rehearsals of each canary that the plan rolls out, with the traffic that it has; about a second in all. */
export async function detectionOf(
  plane: ControlPlane,
  key: string,
  environment: CompiledEnvironment,
  plan: Plan,
): Promise<readonly Detection[]> {
  const staged = plan.services.filter(({ service, action }) => {
    const spec = environment.services[service];
    return action === "roll-out" && spec?.strategy.kind === "canary" && spec.listen !== null;
  });
  const effort = { ...BRIEF, budgetSeconds: BRIEF.budgetSeconds / Math.max(1, staged.length) };
  const found: Detection[] = [];
  for (const { service } of staged) {
    const known = await measuredTraffic(plane, key, service);
    if (known === null) {
      found.push({ service, study: null });
      continue;
    }
    const about = { environment, service, conditions: { ...known, burstMs: null }, seed: SEED };
    const harms = DEFAULT_HARMS.map((text) => harmOf(text, known.base));
    found.push({ service, study: await study(about, harms, effort) });
  }
  return found;
}

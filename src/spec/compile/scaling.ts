import type { CompiledScaling } from "../compiled-cluster.js";
import { SCALING_DEFAULTS } from "../defaults.js";
import type { AuthoredService } from "./authored.js";
import { ms, shareOf } from "./quantities.js";
import type { Report } from "./report.js";

const HOUR_MS = 3_600_000;

/** `isCluster`: an autoscaler is there; on a host the numbers are looked at all the same, and none is compiled. */
export function scaling(written: AuthoredService, isCluster: boolean, report: Report): CompiledScaling | undefined {
  const { scaling: range, replicas = 1 } = written;
  if (range === undefined) return undefined;
  const min = range.min ?? replicas;
  if (min !== replicas)
    report
      .below("min")
      .add("spec-scaling", `min is ${min}, and replicas is ${replicas}`, "they are the same: leave one of them out");
  if (min < 1)
    report.below("min").add("spec-scaling", "an autoscaler keeps one replica at least", "replicas: 1, or no scaling");
  if (range.max < min) report.below("max").add("spec-scaling", `max is ${range.max}, below min, which is ${min}`);
  const compiled = {
    min,
    max: range.max,
    cpu: range.cpu === undefined ? null : shareOf(range.cpu),
    memory: range.memory === undefined ? null : shareOf(range.memory),
    upMs: ms(range.up ?? SCALING_DEFAULTS.up),
    downMs: ms(range.down ?? SCALING_DEFAULTS.down),
  };
  for (const key of ["up", "down"] as const)
    if (compiled[`${key}Ms`] > HOUR_MS) report.below(key).add("spec-scaling", "an autoscaler looks back 1h at most");
  for (const key of ["cpu", "memory"] as const) {
    if (compiled[key] === 0) report.below(key).add("spec-scaling", "above 0% there is always a need", "70% is usual");
    if (isCluster && compiled[key] !== null && written[key] === undefined)
      report
        .below(key)
        .add(
          "spec-scaling",
          `a share of the ${key} that a replica asks for, and it asks for none`,
          `${key}: ${key === "cpu" ? "0.5" : '"512MiB"'} beside scaling`,
        );
  }
  return isCluster ? compiled : undefined;
}

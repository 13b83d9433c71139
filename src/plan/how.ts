import type { CompiledService, CompiledStage } from "../spec/compiled.js";
import { duration } from "./words.js";

/** How a service gets there, in one line: `canary 10 % → 50 % → 100 %, at least 2 min`. */
export function howItGoes(service: CompiledService, stages: readonly CompiledStage[], first: boolean): string {
  const { strategy } = service;
  const replicas = replicasOf(service);
  if (first && service.adopt !== undefined)
    return `takes over the Deployment ${service.adopt} as it is, without a restart`;
  // Rule 1: there is nothing to compare a first one with.
  if (first) return `starts ${replicas}, straight to 100 % once they are ready`;
  switch (strategy.kind) {
    case "rolling": {
      const step =
        strategy.maxSurge > 0
          ? `up to ${strategy.maxSurge} more at a time`
          : `${strategy.maxUnavailable} at a time, the old one stops first`;
      return `rolling over ${replicas}, ${step}${watched(strategy.observeMs)}`;
    }
    case "blue-green": {
      const checks = strategy.smoke.length;
      const smoke = checks === 0 ? "" : ` after ${checks} smoke ${checks === 1 ? "check" : "checks"}`;
      const kept = strategy.keepOldMs === 0 ? "" : `, the old ones kept ${duration(strategy.keepOldMs)}`;
      return `blue-green: ${replicas} beside the old ones, switched at once${smoke}${watched(strategy.observeMs)}${kept}`;
    }
    case "canary": {
      const shares = stages.map((stage) => `${stage.share} %`).join(" → ");
      const atLeast = stages.reduce((sum, stage) => sum + stage.minMs, 0);
      const routes = strategy.routes.length === 0 ? "" : ", marked requests first";
      return `canary ${shares}${atLeast === 0 ? "" : `, at least ${duration(atLeast)}`}${routes}`;
    }
  }
}

function replicasOf({ replicas, scaling }: CompiledService): string {
  if (scaling !== undefined && scaling.max > scaling.min) return `${scaling.min} to ${scaling.max} replicas`;
  return replicas === 1 ? "1 replica" : `${replicas} replicas`;
}

function watched(ms: number): string {
  return ms === 0 ? "" : `, then watched for ${duration(ms)}`;
}

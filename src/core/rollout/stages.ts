import type { CompiledService, CompiledStage } from "../../spec/compiled.js";

const ALL_AT_ONCE: readonly CompiledStage[] = [{ share: 100, minMs: 0, maxMs: 0 }];

/**
 * The stages of a service's rollout. A first deployment and a way back inside the rollback window have one, without
 * observation (rules 1 and 4). A verdict that is still open when `minMs` is over has as long again, at least a minute.
 */
export function stagesOf(
  service: CompiledService,
  options: { first: boolean; fast: boolean },
): readonly CompiledStage[] {
  if (options.first || options.fast) return ALL_AT_ONCE;
  const strategy = service.strategy;
  switch (strategy.kind) {
    case "rolling":
    case "blue-green": {
      const minMs = strategy.observeMs;
      // Who goes on without a verdict anyway does not wait longer for one.
      const longer = service.onTooLittleData === "continue" ? 0 : Math.max(minMs, 60_000);
      return [{ share: 100, minMs, maxMs: minMs === 0 ? 0 : minMs + longer }];
    }
    case "canary": {
      const last = strategy.stages.at(-1);
      return last?.share === 100 ? strategy.stages : [...strategy.stages, ...ALL_AT_ONCE];
    }
  }
}

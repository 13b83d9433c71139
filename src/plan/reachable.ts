import type { CompiledStage } from "../spec/compiled.js";

/** What a stage comes to where the number of replicas is the weight. */
export interface Reachable {
  /** Percent of the requests that the spec asks for. */
  readonly asked: number;
  /** Percent that the new group gets, rounded. */
  readonly share: number;
  readonly fresh: number;
  /** Replicas that share the requests, new and old. */
  readonly all: number;
}

/**
 * A stage in a cluster without a gateway: as many new replicas as the share asks for, beside all the old ones, because
 * stable never shrinks below its share. So a small service reaches few shares, and none above a half but the last one.
 */
export function reachable(asked: number, size: number, old: number = size): Reachable {
  if (asked >= 100 || old === 0 || size === 0) return { asked, share: 100, fresh: size, all: size };
  const fresh = Math.ceil((size * asked) / 100);
  const all = fresh + old;
  return { asked, share: Math.round((100 * fresh) / all), fresh, all };
}

/** `10 % is 25 % here: 1 of 4 replicas; 50 % is 40 %: 2 of 5`; null when each stage gets what it asks for. */
export function reachableShares(stages: readonly CompiledStage[], size: number, old: number = size): string | null {
  const others = stages.map((stage) => reachable(stage.share, size, old)).filter(({ asked, share }) => asked !== share);
  if (others.length === 0) return null;
  return others
    .map(({ asked, share, fresh, all }, index) =>
      index === 0
        ? `${asked} % is ${share} % here: ${fresh} of ${all} replicas`
        : `${asked} % is ${share} %: ${fresh} of ${all}`,
    )
    .join("; ");
}

/** Replica counts and what is known of them while one group replaces another a few at a time. */
export interface Pace {
  /** Replicas wanted at the end. */
  readonly size: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  /** The group that grows: asked for, and ready. */
  readonly growing: number;
  readonly growingReady: number;
  /** The group that shrinks: asked for, and processes still there. */
  readonly shrinking: number;
  readonly shrinkingPresent: number;
}

/**
 * Next counts of a rolling replacement: never more than `size + maxSurge` asked for, never fewer ready ones than
 * `size - maxUnavailable` by what is taken away here. Kubernetes' arithmetic, except that a stop-first replacement
 * waits until the old process is really gone. Either direction: an abort walks back by the same rule.
 */
export function nextPace(pace: Pace): { readonly growing: number; readonly shrinking: number } {
  const occupied = pace.maxSurge === 0 ? Math.max(pace.shrinking, pace.shrinkingPresent) : pace.shrinking;
  const room = pace.size + pace.maxSurge - occupied;
  const growing = Math.max(pace.growing, Math.min(pace.size, room));

  const notYetReady = pace.growing - Math.min(pace.growing, pace.growingReady);
  const floor = pace.size - pace.maxUnavailable;
  const spare = pace.growing + pace.shrinking - floor - notYetReady;
  const shrinking = Math.max(0, pace.shrinking - Math.max(0, spare));
  return { growing, shrinking };
}

/** Share of traffic for the growing group, by replicas that can carry it; 0..100, whole. */
export function shareByReplicas(growingReady: number, shrinking: number): number {
  const all = growingReady + shrinking;
  return all === 0 ? 0 : Math.round((100 * growingReady) / all);
}

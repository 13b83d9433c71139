/** What the choice of a replica looks at. */
export interface Candidate {
  readonly ready: boolean;
  readonly draining: boolean;
  /** Judged out by its own failures (outlier.ts). */
  readonly out: boolean;
  readonly inFlight: number;
}

/**
 * The replica with the fewest requests in flight; the rotating `start` breaks ties, so that an idle group is round
 * robin. Replicas that are out are passed over unless all are: a group never ejects its last replica, since one that
 * fails must keep showing its failures under its own name instead of vanishing behind another group (a bad canary).
 */
export function pickReplica<T extends Candidate>(
  replicas: readonly T[],
  start: number,
  tried: readonly T[] | null,
): T | null {
  return scan(replicas, start, tried, false) ?? scan(replicas, start, tried, true);
}

function scan<T extends Candidate>(
  replicas: readonly T[],
  start: number,
  tried: readonly T[] | null,
  evenOut: boolean,
): T | null {
  let best: T | null = null;
  const count = replicas.length;
  for (let step = 0; step < count; step++) {
    const replica = replicas[(start + step) % count];
    if (replica === undefined || !replica.ready || replica.draining || (replica.out && !evenOut)) continue;
    if (tried?.includes(replica) === true) continue;
    if (best === null || replica.inFlight < best.inFlight) best = replica;
  }
  return best;
}

/**
 * The order in which groups are asked when the decided one has no replica left: the decided one, then those with a
 * weight, heaviest first. A group without weight and route never gets anything.
 */
export function fallbacks(decided: number, weights: readonly number[]): readonly number[] {
  const others = weights.map((_, group) => group).filter((group) => group !== decided && (weights[group] ?? 0) > 0);
  return others.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0));
}

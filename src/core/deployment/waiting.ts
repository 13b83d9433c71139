/** What an environment waits for, in one sentence, and what would change that in another. The answer of `why`. */
export interface Waiting {
  readonly service: string | null;
  readonly sentence: string;
  readonly change: string;
  /** Engine time at which something happens by itself; null: an observation or a person. */
  readonly until: number | null;
}

export function waitingFor(
  sentence: string,
  change: string,
  until: number | null = null,
  service: string | null = null,
): Waiting {
  return { service, sentence, change, until };
}

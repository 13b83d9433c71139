/** What one judge did, run by run and within a run setting by setting. */
export interface Judged {
  readonly settings: number;
  /** Seconds (from 1) after which it decided; 0: it did not. */
  readonly seconds: Int32Array;
  /** Bad requests to the canary until then, or until the end. */
  readonly harmed: Int32Array;
}

export function nobody(runs: number, settings: number): Judged {
  return { settings, seconds: new Int32Array(runs * settings), harmed: new Int32Array(runs * settings) };
}

export function note(judged: Judged, run: number, decisions: ArrayLike<number>, harmed: Int32Array): void {
  for (let s = 0; s < judged.settings; s++) {
    const second = decisions[s] ?? 0;
    judged.seconds[run * judged.settings + s] = second;
    judged.harmed[run * judged.settings + s] = harmed[second === 0 ? harmed.length - 1 : second] ?? 0;
  }
}

/** One setting alone. */
export function ofSetting({ settings, seconds, harmed }: Judged, setting: number): Judged {
  const pick = (all: Int32Array) => all.filter((_, at) => at % settings === setting);
  return { settings: 1, seconds: pick(seconds), harmed: pick(harmed) };
}

/** In how many runs each setting decided. */
export function decided({ settings, seconds }: Judged): Float64Array {
  const counts = new Float64Array(settings);
  for (let at = 0; at < seconds.length; at++)
    if (seconds[at] !== 0) counts[at % settings] = (counts[at % settings] ?? 0) + 1;
  return counts;
}

/** Mean of the bad requests until each setting decided. */
export function meanHarmed({ settings, harmed }: Judged): Float64Array {
  const sums = new Float64Array(settings);
  for (let at = 0; at < harmed.length; at++) sums[at % settings] = (sums[at % settings] ?? 0) + (harmed[at] ?? 0);
  return sums.map((sum) => (sum * settings) / harmed.length);
}

/** Parts of the same judge, one after the other; null where there are none. */
export function joined(parts: readonly (Judged | null | undefined)[]): Judged | null {
  const some = parts.filter((one) => one != null);
  const [first] = some;
  if (first === undefined) return null;
  const join = (of: (one: Judged) => Int32Array) => {
    const all = new Int32Array(some.reduce((sum, one) => sum + of(one).length, 0));
    let at = 0;
    for (const one of some) {
      all.set(of(one), at);
      at += of(one).length;
    }
    return all;
  };
  return { settings: first.settings, seconds: join((one) => one.seconds), harmed: join((one) => one.harmed) };
}

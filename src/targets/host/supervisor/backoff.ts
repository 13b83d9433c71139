/** After this long without an end, earlier ends are forgiven. */
export const GOOD_RUN_MS = 60_000;
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** So many ends in a row, without a good run between them, are a crash loop. */
const CRASH_LOOP_ENDS = 3;

/** Milliseconds to wait after the `streak`-th end in a row (1, 2, ...). */
export function backoffMs(streak: number): number {
  return Math.min(FIRST_MS * 2 ** Math.max(0, streak - 1), LONGEST_MS);
}

export function isCrashLoop(streak: number): boolean {
  return streak >= CRASH_LOOP_ENDS;
}

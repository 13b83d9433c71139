import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `what` is so; fails after the deadline with what `explain` says. */
export async function until(
  what: string,
  is: () => Promise<boolean>,
  explain: () => Promise<string> = async () => "",
  deadlineMs = 60_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs / 1_000} s: ${what}\n${await explain()}`);
    await sleep(50);
  }
}

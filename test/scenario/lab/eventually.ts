import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks until it gets something that is not null, undefined or false, every 25 ms. The deadline says only that a story
 * hangs: 40 s unless told. `describe` says what was there instead.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  describe: () => unknown = () => "",
  deadlineMs = 40_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await sleep(25);
  }
  const seen = describe();
  throw new Error(`it never came to this: ${what}. ${typeof seen === "string" ? seen : JSON.stringify(seen, null, 2)}`);
}

import type { SignalReading } from "../../ports/target.js";
import type { Signals } from "./daemon/protocol.js";
import { SecondMap, type SignalCursor } from "./second-map.js";

/** Ten minutes in pages of half a minute are twenty. */
const MAX_PAGES = 25;
/** What is beyond comes with the next reading. */
const MAX_BLOCKS = 50_000;

/** Reads page by page until the running second, so that a reader who was away is up to date at once. */
export async function readSignals(
  page: (after: SignalCursor | null) => Promise<Signals>,
  cursor: string | null,
  now: () => number,
): Promise<SignalReading> {
  const seconds = new SecondMap();
  const blocks: SignalReading["blocks"][number][] = [];
  let last = seconds.parse(cursor);
  for (let pages = 1; ; pages++) {
    const signals = await page(last);
    const reading = seconds.place(signals, last, now());
    for (const block of reading.blocks) blocks.push(block);
    const upToDate = (signals.nextSecond ?? signals.nowSecond) >= signals.nowSecond;
    if (upToDate || pages >= MAX_PAGES || blocks.length >= MAX_BLOCKS) return { ...reading, blocks };
    last = seconds.parse(reading.cursor);
  }
}

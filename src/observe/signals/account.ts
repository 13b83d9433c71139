import type { Measurement, ProbeSubject } from "../../ports/signal-provider.js";
import type { CounterBook, Reading } from "./counter-book.js";
import type { Side } from "./groups.js";
import { unanswered } from "./unanswered.js";

/**
 * What a look at cumulative counters comes to. While one of the two groups is missing, nothing is counted of the other
 * either, so that an interval is the same for both; `source` begins the sentences.
 */
export function account(
  book: CounterBook,
  now: number,
  readings: Readonly<Record<Side, readonly Reading[]>>,
  subject: Pick<ProbeSubject, "stable" | "canary">,
  source: string,
): Measurement {
  const counted = (side: Side): boolean => readings[side].some(({ field }) => field === "total");
  if (!counted("canary")) {
    if (readings.canary.length > 0)
      throw unanswered(`${source} has counts for "bad" of the new group ${subject.canary}, and none for "total"`);
    const again = book.knows("canary", now) ? "no counts any more" : "no counts";
    return { kind: "no-data", sentence: `${source} has ${again} of the new group ${subject.canary}` };
  }
  if (!counted("stable") && book.knows("stable", now))
    throw unanswered(`${source} has no counts of stable ${subject.stable} any more`);
  const interval = book.advance(now, readings);
  return { kind: "data", intervals: interval === null ? [] : [interval] };
}

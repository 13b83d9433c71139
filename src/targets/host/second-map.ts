import { WindlassError } from "../../error.js";
import type { SignalReading } from "../../ports/target.js";
import type { Signals } from "./daemon/protocol.js";

export interface SignalCursor {
  readonly edge: string;
  /** Where the last reading ended: the edge's running second is read again, because it was not over. */
  readonly second: number;
  /** Engine milliseconds of the edge's second 0: fixed for as long as the edge lives, so that a block keeps its place. */
  readonly origin: number;
  /** Engine milliseconds: every second before it was said to be final. */
  readonly completeTo: number;
}

/** An edge that has been suspended, or an engine clock that went on elsewhere, is followed beyond this difference. */
const DRIFT_MS = 2_000;

/** Puts the edge's seconds into engine time. */
export class SecondMap {
  parse(cursor: string | null): SignalCursor | null {
    if (cursor === null) return null;
    const [edge, ...numbers] = cursor.split("|");
    const [second, origin, completeTo] = numbers.map(Number);
    if (edge === undefined || numbers.length !== 3 || !numbers.every((text) => Number.isSafeInteger(Number(text))))
      throw new WindlassError("host-signal-cursor", "the cursor is not one of this target");
    return { edge, second: second ?? 0, origin: origin ?? 0, completeTo: completeTo ?? 0 };
  }

  /**
   * `now` is engine milliseconds at the time of the reading. Every second that the edge gave in full is final, and
   * stays so when the seconds of another edge begin within it.
   */
  place(signals: Signals, last: SignalCursor | null, now: number): SignalReading {
    const { edge, nowSecond, intoSecondMs, nextSecond = nowSecond } = signals;
    const measured = now - intoSecondMs - nowSecond * 1_000;
    const kept = last !== null && last.edge === edge && Math.abs(last.origin - measured) < DRIFT_MS;
    const origin = kept ? last.origin : Math.round(measured / 1_000) * 1_000;
    const final = last?.completeTo ?? Number.NEGATIVE_INFINITY;
    const completeTo = Math.max(final, origin + nextSecond * 1_000);
    return {
      cursor: [edge, nextSecond, origin, completeTo].join("|"),
      completeTo,
      blocks: signals.blocks
        .map(({ second, ...block }) => ({ ...block, at: origin + second * 1_000 }))
        .filter(({ at }) => at >= final),
    };
  }
}

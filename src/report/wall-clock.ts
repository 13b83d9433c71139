import type { EventRecord } from "../core/model/event.js";

/** What the wall clock said at an engine time: each event carries both, and between two of them the first one counts. */
export class WallClock {
  readonly #marks: readonly { readonly at: number; readonly offset: number }[];

  constructor(events: readonly EventRecord[]) {
    this.#marks = events
      .map(({ at, wall }) => ({ at, offset: Date.parse(wall) - at }))
      .filter(({ offset }) => Number.isFinite(offset));
  }

  /** Milliseconds since 1970; engine time itself where there is no event. */
  at(engine: number): number {
    const mark = this.#marks.findLast(({ at }) => at <= engine) ?? this.#marks[0];
    return engine + (mark?.offset ?? 0);
  }

  /** `09:31:07`. */
  time(engine: number): string {
    return this.iso(engine).slice(11, 19);
  }

  /** `2026-11-21 09:31:07 UTC`. */
  day(engine: number): string {
    return `${this.iso(engine).slice(0, 19).replace("T", " ")} UTC`;
  }

  iso(engine: number): string {
    return new Date(this.at(engine)).toISOString();
  }
}

import type { EnvironmentKey } from "../../core/model/intent.js";
import type { Observation } from "../../core/model/observation.js";
import { WindlassError } from "../../error.js";
import type { Application, LogLine, LogQuery, SignalReading, SignalSource, Target } from "../../ports/target.js";

/** Chances, 0..1, that a call goes wrong in one way. */
export interface Unreliability {
  readonly observationLost: number;
  /** An earlier answer comes again instead of the present one. */
  readonly observationStale: number;
  readonly applyLost: number;
  /** It was applied, and the caller is told that it failed. */
  readonly answerLost: number;
  /** An earlier apply arrives again, perhaps after later ones. */
  readonly applyRepeated: number;
  readonly signalsDown: number;
}

export const RELIABLE: Unreliability = {
  observationLost: 0,
  observationStale: 0,
  applyLost: 0,
  answerLost: 0,
  applyRepeated: 0,
  signalsDown: 0,
};

const REMEMBERED = 6;

/** A target behind a bad line. `random` gives 0..1 and is the only source of chance; `chances` may change at any time. */
export class UnreliableTarget implements Target, SignalSource {
  chances: Unreliability = RELIABLE;
  readonly #seen: Observation[] = [];
  readonly #sent: Application[] = [];

  constructor(
    private readonly inner: Target & SignalSource,
    private readonly random: () => number,
  ) {}

  async observe(key: EnvironmentKey): Promise<Observation> {
    if (this.#happens(this.chances.observationLost)) throw silent("observe");
    const earlier = this.#pick(this.#seen);
    if (earlier !== undefined && this.#happens(this.chances.observationStale)) return earlier;
    const seen = await this.inner.observe(key);
    keep(this.#seen, seen);
    return seen;
  }

  async apply(key: EnvironmentKey, application: Application): Promise<void> {
    if (this.#happens(this.chances.applyLost)) throw silent("apply");
    await this.inner.apply(key, application);
    keep(this.#sent, application);
    const earlier = this.#pick(this.#sent);
    if (earlier !== undefined && this.#happens(this.chances.applyRepeated)) await this.#repeat(key, earlier);
    if (this.#happens(this.chances.answerLost)) throw silent("apply");
  }

  async read(key: EnvironmentKey, cursor: string | null): Promise<SignalReading> {
    if (this.#happens(this.chances.signalsDown)) throw silent("read");
    return this.inner.read(key, cursor);
  }

  logs(key: EnvironmentKey, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    return this.inner.logs(key, query, signal);
  }

  /** The late one comes from nobody that waits; that it is refused is right. */
  async #repeat(key: EnvironmentKey, earlier: Application): Promise<void> {
    try {
      await this.inner.apply(key, earlier);
    } catch (error) {
      if (!(error instanceof WindlassError) || error.code !== "target-stale-term") throw error;
    }
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.random() < chance;
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.random() * list.length)];
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > REMEMBERED) list.shift();
}

function silent(call: string): WindlassError {
  return new WindlassError("target-silent", `the target did not answer ${call}`, { retry: "safe" });
}

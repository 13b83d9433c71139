import type { Measurement, SignalProbe } from "../../ports/signal-provider.js";
import type { Source } from "./source.js";
import { duration, sentenceOf, unanswered } from "./unanswered.js";

/** How long a source that was told to stop may take, before nobody waits for it any more. */
const GRACE_MS = 500;

/** One signal of one rollout: gives each look its deadline, and makes a sentence of whatever goes wrong. */
export class PolledProbe implements SignalProbe {
  readonly #closing = new AbortController();
  #looking: Promise<Measurement> | null = null;
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly source: Source,
    private readonly timeoutMs: number,
    /** Told of errors that no source should have: bugs. */
    private readonly report: (error: unknown) => void,
  ) {}

  measure(now: number, abort: AbortSignal): Promise<Measurement> {
    if (this.#looking !== null) return Promise.resolve(noAnswer("the measurement before has not ended yet"));
    // Two intervals never begin at the same moment.
    if (now <= this.#last) return Promise.resolve({ kind: "data", intervals: [] });
    this.#last = now;
    this.#looking = this.#look(now, abort).finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
    this.source.close();
  }

  async #look(now: number, abort: AbortSignal): Promise<Measurement> {
    const ending = new AbortController();
    const stop = (): void => ending.abort(unanswered("the measurement was stopped"));
    const deadline = setTimeout(
      () => ending.abort(unanswered(`no answer within ${duration(this.timeoutMs)}`)),
      this.timeoutMs,
    );
    const stops = [abort, this.#closing.signal];
    for (const signal of stops) signal.addEventListener("abort", stop, { once: true });
    if (stops.some((signal) => signal.aborted)) stop();
    try {
      ending.signal.throwIfAborted();
      return await withGrace(this.source.read(now, ending.signal), ending.signal);
    } catch (error) {
      const sentence = sentenceOf(error);
      if (sentence !== null) return noAnswer(sentence);
      this.report(error);
      return noAnswer(`a bug in Windlass: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      clearTimeout(deadline);
      for (const signal of stops) signal.removeEventListener("abort", stop);
      // Where one of several questions failed, the others need no answer any more.
      stop();
    }
  }
}

/** Settles as `work` does, and a little after the signal at the latest. */
function withGrace<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let grace: NodeJS.Timeout | undefined;
    const wait = (): void => {
      grace = setTimeout(() => reject(signal.reason), GRACE_MS);
    };
    signal.addEventListener("abort", wait, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(grace);
      signal.removeEventListener("abort", wait);
    });
  });
}

function noAnswer(sentence: string): Measurement {
  return { kind: "no-answer", sentence };
}

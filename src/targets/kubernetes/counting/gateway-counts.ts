import { WindlassError } from "../../../error.js";
import { deltaOf, type SecondCounts } from "./delta.js";
import { type BackendCounts, readExposition } from "./exposition.js";

const SECOND = 1_000;
const KEPT_SECONDS = 600;
/** After a longer silence what was counted in it belongs to no second. */
const LONGEST_GAP_MS = 5_000;
/** How far after the turn of a second the gateway is asked: it has counted what ended in it by then. */
const AFTER_MS = 30;

export interface Page {
  /** By the gateway's name of a backend, `<namespace>-<Service>`. */
  readonly seconds: readonly (readonly [at: number, ReadonlyMap<string, SecondCounts>])[];
  readonly completeTo: number;
}

/** Asks one gateway every second what it has counted, and keeps the last ten minutes by the second. */
export class GatewayCounts {
  readonly #seconds = new Map<number, ReadonlyMap<string, SecondCounts>>();
  #before: Map<string, Map<string, BackendCounts>> | null = null;
  #beforeAt = 0;
  #completeTo: number;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #problem: WindlassError | null = null;

  /** `ask` answers one exposition for each replica of the gateway, by its name. */
  constructor(
    private readonly ask: () => Promise<ReadonlyMap<string, string>>,
    private readonly now: () => number,
  ) {
    this.#completeTo = Math.floor(now() / SECOND) * SECOND;
    this.#wait(0);
  }

  /** Throws why nothing could be counted, once that lasts. */
  read(since: number): Page {
    if (this.#problem !== null && this.now() - this.#beforeAt > LONGEST_GAP_MS) throw this.#problem;
    const seconds = [...this.#seconds].filter(([at]) => at >= since);
    return { seconds, completeTo: this.#completeTo };
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#look(), ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      const texts = await this.ask();
      this.#count(texts, this.now());
      this.#problem = null;
    } catch (cause) {
      this.#problem =
        cause instanceof WindlassError
          ? cause
          : new WindlassError("kubernetes-gateway-counts", "the gateway does not say what it counted", {
              cause,
              retry: "safe",
            });
    }
    const now = this.now();
    this.#wait(SECOND - (now % SECOND) + AFTER_MS);
  }

  #count(texts: ReadonlyMap<string, string>, at: number): void {
    const after = new Map([...texts].map(([replica, text]) => [replica, readExposition(text)]));
    const over = Math.floor(at / SECOND) * SECOND;
    const before = this.#before;
    if (before !== null && at - this.#beforeAt <= LONGEST_GAP_MS) {
      const counts = new Map<string, SecondCounts>();
      for (const [replica, backends] of after)
        for (const [backend, found] of backends) {
          // A replica that was not there before may have counted long ago elsewhere, but not for us.
          const delta = deltaOf(before.get(replica)?.get(backend), found);
          if (delta !== null) counts.set(backend, added(counts.get(backend), delta));
        }
      const second = Math.max(over - SECOND, this.#completeTo);
      if (counts.size > 0) this.#seconds.set(second, merged(this.#seconds.get(second), counts));
      this.#completeTo = Math.max(this.#completeTo, second + SECOND);
    } else this.#completeTo = Math.max(this.#completeTo, over);
    for (const second of this.#seconds.keys()) if (second < over - KEPT_SECONDS * SECOND) this.#seconds.delete(second);
    this.#before = after;
    this.#beforeAt = at;
  }
}

function merged(
  a: ReadonlyMap<string, SecondCounts> | undefined,
  b: ReadonlyMap<string, SecondCounts>,
): ReadonlyMap<string, SecondCounts> {
  const sum = new Map(a);
  for (const [backend, counts] of b) sum.set(backend, added(sum.get(backend), counts));
  return sum;
}

function added(a: SecondCounts | undefined, b: SecondCounts): SecondCounts {
  if (a === undefined) return b;
  const latencies: Record<number, number> = { ...a.latencies };
  for (const [bucket, count] of Object.entries(b.latencies))
    latencies[Number(bucket)] = (latencies[Number(bucket)] ?? 0) + count;
  return { total: a.total + b.total, errors: a.errors + b.errors, latencies };
}

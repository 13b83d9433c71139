import type { NewEvent } from "../../src/core/model/event.js";
import type { LedgerStore } from "../../src/ports/ledger-store.js";
import type { SeriesStore } from "../../src/ports/series-store.js";
import type { Application, SignalSource, Target } from "../../src/ports/target.js";

/** One life of the engine: it may end before or after any call of a port, and then no call gets through any more. */
export class Life {
  alive = true;
  calls = 0;

  constructor(private readonly endsNow: () => boolean) {}

  async through<T>(call: () => Promise<T>): Promise<T> {
    this.#pass();
    const answer = await call();
    this.#pass();
    return answer;
  }

  #pass(): void {
    this.calls += 1;
    if (this.alive && this.endsNow()) this.alive = false;
    if (!this.alive) throw new Error("the engine is dead");
  }
}

export function mortalLedger(inner: LedgerStore, life: Life): LedgerStore {
  return {
    append: (stream: string, expected: number, events: readonly NewEvent[], options) =>
      life.through(() => inner.append(stream, expected, events, options)),
    read: (stream, version) => inner.read(stream, version),
    readAll: (sequence) => inner.readAll(sequence),
    streams: () => inner.streams(),
    subscribe: (listener) => inner.subscribe(listener),
    acquire: (holder, ttlMs) => inner.acquire(holder, ttlMs),
    close: () => inner.close(),
  };
}

export function mortalTarget(inner: Target & SignalSource, life: Life): Target & SignalSource {
  return {
    observe: (environment) => life.through(() => inner.observe(environment)),
    apply: (environment, application: Application) => life.through(() => inner.apply(environment, application)),
    read: (environment, cursor) => life.through(() => inner.read(environment, cursor)),
    logs: (environment, query, signal) => inner.logs(environment, query, signal),
  };
}

export function mortalSeries(inner: SeriesStore, life: Life): SeriesStore {
  return {
    write: (environment, blocks) => life.through(() => inner.write(environment, blocks)),
    read: (query) => life.through(() => inner.read(query)),
    putState: (environment, service, kind, json) =>
      life.through(() => inner.putState(environment, service, kind, json)),
    getState: (environment, service, kind) => life.through(() => inner.getState(environment, service, kind)),
    removeState: (environment, service, kind) => life.through(() => inner.removeState(environment, service, kind)),
    maintain: (now) => inner.maintain(now),
    close: () => inner.close(),
  };
}

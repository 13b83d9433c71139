import { setTimeout as sleep } from "node:timers/promises";
import { WindlassError } from "../../../../error.js";
import type { Clock } from "../../../../ports/clock.js";
import type { KubernetesObject } from "../../../../render/kubernetes/object.js";
import type { Change, Informer, InformerHealth, InformerOptions, InformerTimings } from "../api.js";
import type { Discovery } from "../discovery.js";
import type { Requests } from "../wire/requests.js";
import { listPages } from "./list.js";
import { type FollowState, follow, nextStep, STARTING, type WatchEnd } from "./state.js";
import { Store } from "./store.js";
import { watchEvents } from "./watch.js";

export interface InformerParts {
  readonly requests: Requests;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Bookmarks come once a minute and before the end of a watch. A watch loses nothing, so whole lists are only a precaution;
 * those of a big cluster take seconds, in which nothing new is heard.
 */
export const INFORMER_TIMINGS: InformerTimings = {
  pageSize: 500,
  watchSeconds: 300,
  idleMs: 75_000,
  resyncMs: 3_600_000,
  backoffMs: [200, 5_000],
};

class Following<T> implements Informer<T> {
  readonly #parts: InformerParts;
  readonly #options: InformerOptions<T>;
  readonly #timings: InformerTimings;
  readonly #store = new Store<T>();
  readonly #stopping = new AbortController();
  readonly #waiters = new Set<() => void>();
  readonly #running: Promise<void>;
  #state: FollowState = STARTING;
  #problem: WindlassError | null = null;
  /** What `keep` or `onChange` threw: stays until a whole list went without. */
  #bug: WindlassError | null = null;
  #lastHeardAt: number | null = null;
  #lists = 0;
  #watches = 0;

  constructor(parts: InformerParts, options: InformerOptions<T>, onStopped: () => void) {
    this.#parts = parts;
    this.#options = options;
    const timings = { ...INFORMER_TIMINGS, ...options.timings };
    // Not all kinds at the same moment.
    this.#timings = { ...timings, resyncMs: timings.resyncMs * (0.5 + parts.random() / 2) };
    this.#running = this.#run().finally(onStopped);
  }

  get size(): number {
    return this.#store.size;
  }

  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  entries(): IterableIterator<[string, T]> {
    return this.#store.entries();
  }

  health(): InformerHealth {
    return {
      synced: this.#state.listedAt !== null,
      lastHeardAt: this.#lastHeardAt,
      problem: this.#problem ?? this.#bug,
      lists: this.#lists,
      watches: this.#watches,
    };
  }

  async synced(timeoutMs: number): Promise<void> {
    if (this.#state.listedAt !== null) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      if (this.#stopping.signal.aborted) done();
      else this.#waiters.add(done);
    });
    if (this.#state.listedAt !== null) return;
    const { kind } = this.#options.kind;
    if (this.#problem !== null) throw this.#problem;
    const message = this.#stopping.signal.aborted
      ? `the informer of ${kind} was stopped`
      : `the list of ${kind} was not there within ${timeoutMs} ms`;
    throw new WindlassError("kubernetes-timeout", message, { retry: "safe" });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const done of [...this.#waiters]) done();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const step = nextStep(this.#state, clock.now(), this.#timings, random());
      if (step.afterMs > 0) await sleep(step.afterMs, undefined, { signal }).catch(() => {}); // Stopped: the loop sees it.
      if (signal.aborted) return;
      if (step.do === "list") await this.#list();
      else await this.#watch(step.version, step.resyncInMs);
    }
  }

  async #list(): Promise<void> {
    const { requests, discovery, clock } = this.#parts;
    const { kind, keep: _keep, onChange: _onChange, timings: _timings, ...selection } = this.#options;
    this.#lists++;
    const bugBefore = this.#bug;
    try {
      const resource = await discovery.need(kind);
      let version = "";
      this.#store.beginList();
      const query = { ...selection, limit: this.#timings.pageSize };
      for await (const page of listPages(requests, resource, query, this.#stopping.signal)) {
        for (const item of page.items) this.#put(item);
        version = page.resourceVersion;
        this.#heard();
      }
      this.#tell(this.#store.endList());
      this.#state = follow(this.#state, { type: "listed", version, now: clock.now() });
      if (this.#bug === bugBefore) this.#bug = null;
      for (const done of [...this.#waiters]) done();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#problem = problemOf(error);
      this.#state = follow(this.#state, { type: "list-failed" });
    }
  }

  async #watch(version: string, resyncInMs: number): Promise<void> {
    const { clock } = this.#parts;
    const watch = new AbortController();
    const end = (how: WatchEnd) => () => watch.abort(how);
    const stop = end("closed");
    const resync = setTimeout(end("resync"), resyncInMs);
    const idle = setTimeout(end("idle"), this.#timings.idleMs);
    this.#stopping.signal.addEventListener("abort", stop, { once: true });
    const begun = clock.now();
    let how: WatchEnd;
    this.#watches++;
    try {
      await this.#follow(version, watch.signal, () => {
        this.#heard();
        idle.refresh();
      });
      how = "closed";
    } catch (error) {
      if (watch.signal.aborted) how = watch.signal.reason;
      else {
        const problem = problemOf(error);
        how = problem.code === "kubernetes-gone" ? "expired" : "failed";
        this.#problem = problem;
      }
    } finally {
      clearTimeout(resync);
      clearTimeout(idle);
      this.#stopping.signal.removeEventListener("abort", stop);
    }
    this.#state = follow(this.#state, { type: "watch-ended", how, livedMs: clock.now() - begun });
  }

  async #follow(version: string, signal: AbortSignal, onBytes: () => void): Promise<void> {
    const { requests, discovery, random } = this.#parts;
    const resource = await discovery.need(this.#options.kind);
    // Not all informers of all clients at the same moment.
    const seconds = Math.round(this.#timings.watchSeconds * (1 + random()));
    const question = { resource, selection: this.#options, version, seconds, onBytes };
    for await (const event of watchEvents(requests, question, signal)) {
      if (event.type === "bookmark") this.#state = follow(this.#state, { type: "heard", version: event.version });
      else {
        if (event.type === "put") this.#put(event.object);
        else this.#tell(this.#store.remove(event.object));
        const at = event.object.metadata.resourceVersion ?? version;
        this.#state = follow(this.#state, { type: "heard", version: at });
      }
    }
  }

  #heard(): void {
    this.#lastHeardAt = this.#parts.clock.now();
    this.#problem = null;
  }

  #put(object: KubernetesObject): void {
    this.#guarded(() => this.#tell(this.#store.put(object, this.#options.keep)));
  }

  #tell(changes: readonly Change<T>[]): void {
    for (const change of changes) this.#guarded(() => this.#options.onChange?.(change));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (cause) {
      const message = `a change of ${this.#options.kind.kind} could not be taken in`;
      this.#bug = new WindlassError("kubernetes-informer", message, { cause });
    }
  }
}

export function openInformer<T>(parts: InformerParts, options: InformerOptions<T>, onStopped: () => void): Informer<T> {
  return new Following(parts, options, onStopped);
}

function problemOf(error: unknown): WindlassError {
  if (error instanceof WindlassError) return error;
  return new WindlassError("kubernetes-unreachable", "a watch was cut", { cause: error, retry: "safe" });
}

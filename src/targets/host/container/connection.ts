import { type DockerEngine, openEngine, socketOf } from "../../../docker/engine.js";
import { engineEvents } from "../../../docker/events.js";
import { labelled } from "../../../docker/filters.js";
import { ping } from "../../../docker/info.js";
import { WindlassError } from "../../../error.js";
import { LABEL } from "./names.js";

export interface ConnectionOptions {
  /** As in the environment; absent: the default socket. */
  readonly dockerHost: string | undefined;
  readonly instance: string;
  readonly now: () => number;
  /** It answers, for the first time or again: everything in it is to be looked at. */
  readonly answers: () => void;
  /** Something happened to the container of this name. */
  readonly happened: (container: string) => void;
  readonly report: (message: string, error?: unknown) => void;
}

const DEADLINE_MS = 20_000;
const PING_MS = 5_000;
const SOONEST_MS = 200;
const LATEST_MS = 2_000;
/** An Engine that is being restarted is no problem yet. */
const PATIENCE_MS = 10_000;

/** Whether nobody answered; then nothing is known, and nothing was done wrong. */
export function isAway(error: unknown): boolean {
  return error instanceof WindlassError && ["docker-unreachable", "docker-timeout", "docker-host"].includes(error.code);
}

/** The Docker Engine as long as the daemon wants containers: found, followed, and found again after it was away. */
export class Connection {
  private engine: DockerEngine | null = null;
  private opening: Promise<DockerEngine> | null = null;
  private awaySince: number | null = null;
  private why: WindlassError | null = null;
  private closed = false;
  private following: Promise<void> | null = null;
  private readonly ending = new AbortController();

  constructor(private readonly options: ConnectionOptions) {}

  get begun(): boolean {
    return this.following !== null;
  }

  get reachable(): boolean {
    return this.engine !== null;
  }

  /** Why nothing can be done with containers, once that has lasted; null while it answers or may just be starting. */
  get problem(): string | null {
    const { awaySince, why } = this;
    if (awaySince === null || why === null || this.options.now() - awaySince < PATIENCE_MS) return null;
    return `${why.code}: ${why.message}${why.hint === undefined ? "" : `. ${why.hint}`}`;
  }

  /** What `doctor` says; null while no container was ever wanted. */
  get condition(): { readonly ok: boolean; readonly sentence: string } | null {
    if (!this.begun) return null;
    if (this.engine === null) return { ok: false, sentence: this.why?.message ?? "has not answered yet" };
    return { ok: true, sentence: `the Engine answers on ${this.engine.socket}, API ${this.engine.api}` };
  }

  /** From now on it is followed. */
  begin(): void {
    if (this.following !== null || this.closed) return;
    this.awaySince = this.options.now();
    this.following = this.follow();
  }

  /** One piece of work with the Engine. Rejects with what {@link isAway} knows when nobody answers. */
  async use<T>(work: (engine: DockerEngine) => Promise<T>): Promise<T> {
    const engine = await this.open();
    try {
      return await work(engine);
    } catch (error) {
      if (error instanceof WindlassError && error.code === "docker-unreachable") this.lose(engine, error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.ending.abort();
    await this.following;
    const { engine } = this;
    this.engine = null;
    await engine?.close();
  }

  private open(): Promise<DockerEngine> {
    if (this.engine !== null) return Promise.resolve(this.engine);
    if (this.closed) return Promise.reject(new WindlassError("docker-unreachable", "the daemon is leaving"));
    this.opening ??= this.connect().finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  private async connect(): Promise<DockerEngine> {
    try {
      const engine = await openEngine({ socket: socketOf(this.options.dockerHost), deadlineMs: DEADLINE_MS });
      if (this.awaySince !== null) this.options.report(`the Docker Engine answers on ${engine.socket}`);
      this.engine = engine;
      this.awaySince = null;
      this.why = null;
      return engine;
    } catch (error) {
      if (error instanceof WindlassError) this.why = error;
      this.awaySince ??= this.options.now();
      throw error;
    }
  }

  private lose(engine: DockerEngine, why: WindlassError): void {
    if (this.engine !== engine) return;
    this.engine = null;
    this.why = why;
    this.awaySince = this.options.now();
    this.options.report("the Docker Engine is away; its containers are left as they are", why);
    void engine.close().catch((error: unknown) => this.options.report("closing the connections to the Engine", error));
  }

  private async follow(): Promise<void> {
    for (let wait = SOONEST_MS; !this.closed; wait = Math.min(LATEST_MS, wait * 2)) {
      try {
        const engine = await this.open();
        wait = SOONEST_MS;
        await this.listen(engine);
      } catch (error) {
        if (!(error instanceof WindlassError)) this.options.report("following the Docker Engine", error);
      }
      if (!this.closed) await pause(wait, this.ending.signal);
    }
  }

  /** Until the connection breaks. Events from a moment before are given again, so that none falls between. */
  private async listen(engine: DockerEngine): Promise<void> {
    const since = Math.floor(Date.now() / 1_000) - 1;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.ending.signal]);
    const events = engineEvents(engine, labelled({ [LABEL.instance]: this.options.instance }), signal, since);
    const beating = this.beat(engine, stop);
    this.options.answers();
    try {
      for await (const { Type, Actor } of events)
        if (Type === "container") this.options.happened(Actor.Attributes.name ?? "");
    } catch (error) {
      if (error instanceof WindlassError) this.lose(engine, error);
      throw error;
    } finally {
      stop.abort();
      await beating;
    }
  }

  /** A connection that is open says nothing: an Engine that hangs is found out by asking. */
  private async beat(engine: DockerEngine, stop: AbortController): Promise<void> {
    while (!stop.signal.aborted && !this.closed) {
      await pause(PING_MS, AbortSignal.any([stop.signal, this.ending.signal]));
      if (stop.signal.aborted || this.closed) return;
      try {
        await ping(engine);
      } catch (error) {
        if (error instanceof WindlassError) this.lose(engine, error);
        stop.abort();
      }
    }
  }
}

/** Resolves early, and quietly, when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

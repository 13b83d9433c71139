import type { EnvironmentKey, Intent } from "../../core/model/intent.js";
import { WindlassError } from "../../error.js";
import type { Application } from "../../ports/target.js";
import type { CompiledKubernetes } from "../../spec/compiled-cluster.js";
import type { Cluster } from "./cluster.js";
import { type Recorded, readRecord, writeRecord } from "./intent-record.js";
import { ensureNamespace } from "./namespace.js";
import { openWithin } from "./opening.js";

const TRIES = 4;

export interface AcceptedOptions {
  readonly key: EnvironmentKey;
  readonly cluster: Cluster;
  readonly settings: CompiledKubernetes;
  /** The namespace went, and everything in it. */
  readonly gone: () => void;
}

/** The intent that was accepted last. It is kept in the cluster itself, where the next control plane finds it. */
export class Accepted {
  #recorded: Recorded | null = null;
  #loaded = false;

  constructor(private readonly options: AcceptedOptions) {}

  /** Null: nothing was, or it is not loaded yet. */
  get last(): Recorded | null {
    return this.#recorded;
  }

  get intent(): Intent {
    return this.#recorded?.intent ?? NOTHING;
  }

  /** Nothing is to be here any more. */
  get isOver(): boolean {
    return this.#recorded !== null && isEmpty(this.#recorded.intent);
  }

  /** Reads it once. Resolves with whether that was now. */
  async load(): Promise<boolean> {
    const { cluster, settings } = this.options;
    await openWithin(cluster, settings);
    if (this.#loaded) return false;
    this.#recorded = await readRecord(cluster.client, settings.namespace);
    this.#loaded = true;
    return true;
  }

  /** Durable once it resolves. False: it was accepted before, or is older. `again`: also what was accepted before. */
  async accept(application: Application, again: boolean): Promise<boolean> {
    const { cluster, key, settings, gone } = this.options;
    for (let attempt = 1; ; attempt++) {
      const before = this.#recorded;
      if (before !== null && application.term < before.term) throw staleTerm(key, before.term, application.term);
      if (application.term === before?.term) {
        if (application.revision < before.revision) return false;
        // Read anew, it was written by a request whose answer was lost: nobody has begun to make it so.
        if (application.revision === before.revision && !again) return attempt > 1;
      }
      if (before === null && isEmpty(application.intent)) {
        this.#recorded = { ...application, resourceVersion: "" };
        return true;
      }
      try {
        if (before === null) await ensureNamespace(cluster.client, settings.namespace, key);
        this.#recorded = await writeRecord(cluster.client, settings.namespace, key, application, before);
        return true;
      } catch (error) {
        if (!(error instanceof WindlassError) || attempt >= TRIES) throw error;
        // Somebody else wrote, or the namespace went: what is there decides.
        if (error.code !== "kubernetes-conflict" && error.code !== "kubernetes-not-found") throw error;
        this.#recorded = await readRecord(cluster.client, settings.namespace);
        if (error.code === "kubernetes-not-found") gone();
      }
    }
  }

  /** The namespace went: it is made again, and in it the record. False: somebody was faster. */
  async remake(recorded: Recorded): Promise<boolean> {
    const { cluster, key, settings } = this.options;
    await ensureNamespace(cluster.client, settings.namespace, key);
    if ((await readRecord(cluster.client, settings.namespace)) !== null) return false;
    const written = await writeRecord(cluster.client, settings.namespace, key, recorded, null);
    if (this.#recorded === recorded) this.#recorded = written;
    return true;
  }

  forget(): void {
    this.#recorded = null;
  }
}

/** A control plane that was replaced and does not know it yet must not undo what its successor does. */
export function staleTerm(key: EnvironmentKey, driving: number, over: number): WindlassError {
  return new WindlassError("target-stale-term", `${key} is driven by term ${driving}; ${over} is over`);
}

const NOTHING: Intent = { services: {}, resources: {}, tasks: [] };

function isEmpty(intent: Intent): boolean {
  return Object.keys(intent.services).length === 0;
}

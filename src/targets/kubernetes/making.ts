import type { GroupId, Intent, ServiceName } from "../../core/model/intent.js";
import type { Drift } from "../../core/model/observation.js";
import { WindlassError } from "../../error.js";
import { GROUP, ownerLabels, SERVICE, SYSTEM, ENVIRONMENT as THE_ENVIRONMENT } from "../../render/kubernetes/labels.js";
import { type Accepted, staleTerm } from "./accepted.js";
import type { EnvironmentOptions } from "./environment.js";
import { groupKey } from "./group-secrets.js";
import { RECORD_NAME, type Recorded } from "./intent-record.js";
import { Loop, type Next } from "./loop.js";
import { removeNamespace } from "./namespace.js";
import { objectsFor } from "./objects.js";
import { LAG_MS } from "./reconcile/known.js";
import { Reconciler } from "./reconcile/reconciler.js";
import { REFUSED_MS } from "./reconcile/refusals.js";
import { StartTurn } from "./start-turn.js";

const RETRY_MS = [500, 30_000] as const;

/** The loop that makes a namespace hold what was accepted for it, and says what stands against that. */
export class Making {
  readonly #reconciler: Reconciler;
  readonly #loop: Loop;
  readonly #start: StartTurn;
  #applied: { readonly term: number; readonly revision: number } | null = null;
  #problem: WindlassError | null = null;
  #failures = 0;
  #missing: ReadonlyMap<string, string> = new Map();
  /** What was made so as a whole; null: something stood against a part of it, or is only known to the cluster. */
  #made: Intent | null = null;

  constructor(
    private readonly options: EnvironmentOptions,
    private readonly accepted: Accepted,
    /** Something may look otherwise than before. */
    private readonly changed: () => void,
  ) {
    const { cluster, key, settings, now } = options;
    const labels = ownerLabels(key);
    const owner = `${labels[SYSTEM]}/${labels[THE_ENVIRONMENT]}`;
    this.#reconciler = new Reconciler({ cluster, namespace: settings.namespace, owner, now });
    this.#loop = new Loop(() => this.#round(), now);
    this.#start = new StartTurn(cluster.starting);
  }

  /** What has taken effect: everything of it was sent, or refused for good. */
  get applied(): { readonly term: number; readonly revision: number } | null {
    return this.#applied;
  }

  /** Why it cannot be made so yet. */
  get problem(): WindlassError | null {
    return this.#problem;
  }

  get drift(): readonly Drift[] {
    return this.#reconciler.drift;
  }

  /** After a restart: what was accepted before is made sure of, in its turn. */
  resume(): void {
    this.#start.found(this.accepted.last?.revision ?? null);
    this.kick(0);
  }

  /** Something new was accepted. */
  begin(revision: number): void {
    this.#start.accepted(revision);
    this.#failures = 0;
    this.kick(0);
  }

  kick(ms: number): void {
    if (this.accepted.last !== null) this.#loop.kick(ms);
  }

  /** The namespace went, and everything in it. */
  forget(): void {
    this.#reconciler.forget();
  }

  /** Deletes everything that is Windlass's here, and the namespace when Windlass made it. Returns why that stays. */
  async removeAll(): Promise<string | null> {
    const { cluster, settings } = this.options;
    await this.#loop.running;
    await this.#reconciler.make([], true);
    const why = await removeNamespace(cluster.client, settings.namespace);
    this.#applied = null;
    return why;
  }

  close(): void {
    this.#loop.close();
    this.#start.over();
  }

  /** What stands against a group: a value or image that is missing, or the server's refusal of one of its objects. */
  refusalOf(service: ServiceName, group: GroupId | null): string | null {
    if (group !== null) {
      const missing = this.#missing.get(groupKey(service, group));
      if (missing !== undefined) return missing;
    }
    for (const { object, error } of this.#reconciler.refusals.values()) {
      const labels = object.metadata.labels ?? {};
      if (labels[SERVICE] !== service || (labels[GROUP] ?? null) !== group) continue;
      return `${object.kind} ${object.metadata.name} was refused: ${error.message}`;
    }
    return null;
  }

  /** Makes it so, and says when to look again by itself. */
  async #round(): Promise<Next> {
    const leave = await this.#start.enter();
    try {
      await this.#make();
    } finally {
      leave();
    }
    this.changed();
    const [first, longest] = RETRY_MS;
    if (this.#failures > 0) return { kind: "retry", ms: Math.min(longest, first * 2 ** Math.min(this.#failures, 10)) };
    // Somebody's change that came while the local copy was late would be told by nothing else.
    if (this.#reconciler.isLate) return { kind: "after", ms: LAG_MS };
    return this.#reconciler.refusals.size > 0 ? { kind: "after", ms: REFUSED_MS } : { kind: "never" };
  }

  async #make(): Promise<void> {
    const recorded = this.accepted.last;
    if (recorded === null) return;
    const { key, report } = this.options;
    try {
      this.#requireTerm(recorded);
      if (this.accepted.isOver) await this.#makeEmpty(recorded);
      else if (this.#made !== recorded.intent || !this.#reconciler.isSettled()) await this.#send(recorded.intent);
      this.#applied = { term: recorded.term, revision: recorded.revision };
      this.#start.over();
      this.#failures = 0;
      this.#problem = null;
    } catch (error) {
      this.#failures++;
      if (error instanceof WindlassError && error.code === "kubernetes-not-found") await this.#beginAnew(recorded);
      // What is not understood is a bug, and says so wherever the environment is looked at.
      this.#problem =
        error instanceof WindlassError ? error : new WindlassError("bug", `${key}: ${String(error)}`, { cause: error });
      if (this.#failures === 1 || this.#failures % 20 === 0) report(`${key} cannot be made so yet`, error);
    }
  }

  async #send(intent: Intent): Promise<void> {
    const { cluster, key, settings, secrets } = this.options;
    const { objects, missing } = await objectsFor(cluster, key, settings, intent, secrets);
    this.#missing = missing;
    await this.#reconciler.make(objects, settings.drift === "heal");
    const adopts = Object.values(intent.services).some(({ adopt }) => adopt !== undefined);
    this.#made = adopts || missing.size > 0 ? null : intent;
  }

  #requireTerm({ term }: Recorded): void {
    const { cluster, key, settings } = this.options;
    const driving = cluster.configurations.get(settings.namespace, RECORD_NAME)?.term ?? null;
    if (driving !== null && driving > term) throw staleTerm(key, driving, term);
  }

  async #beginAnew(recorded: Recorded): Promise<void> {
    this.#reconciler.forget();
    try {
      if (await this.accepted.remake(recorded)) this.#failures = 1;
    } catch (cause) {
      this.options.report(`${this.options.key}: the namespace cannot be made again`, cause);
    }
  }

  async #makeEmpty({ resourceVersion }: Recorded): Promise<void> {
    const { cluster, key, settings, report } = this.options;
    const { namespace } = settings;
    await this.#reconciler.make([], true);
    if (cluster.deployments.in(namespace).size + cluster.pods.in(namespace).size > 0) return;
    if (resourceVersion === "") return;
    const why = await removeNamespace(cluster.client, namespace);
    if (why !== null) report(`${key}: the namespace ${namespace} stays: ${why}`);
  }
}

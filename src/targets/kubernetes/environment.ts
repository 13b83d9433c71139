import type { EnvironmentKey, GroupId, Intent, ServiceName } from "../../core/model/intent.js";
import type { Observation } from "../../core/model/observation.js";
import { clusterPortOf } from "../../core/model/pod-shape.js";
import { WindlassError } from "../../error.js";
import type { Application, SignalReading } from "../../ports/target.js";
import { GROUP, ownerLabels, SERVICE, SYSTEM, ENVIRONMENT as THE_ENVIRONMENT } from "../../render/kubernetes/labels.js";
import { deploymentName } from "../../render/kubernetes/names.js";
import type { CompiledKubernetes } from "../../spec/compiled.js";
import type { Cluster } from "./cluster.js";
import { concealed } from "./concealed.js";
import { Counting } from "./counting/counting.js";
import type { GatewayCounts } from "./counting/gateway-counts.js";
import { Explanations } from "./explain.js";
import { groupKey, type SecretStore } from "./group-secrets.js";
import { RECORD_NAME, type Recorded, readRecord, writeRecord } from "./intent-record.js";
import { Loop, type Next, SETTLE_MS } from "./loop.js";
import { ensureNamespace, removeNamespace } from "./namespace.js";
import { objectsFor, resourcesOf } from "./objects.js";
import { Leaving } from "./observe/leaving.js";
import { observeServices } from "./observe/observe.js";
import { Settling } from "./observe/settling.js";
import { openWithin } from "./opening.js";
import { LAG_MS } from "./reconcile/known.js";
import { REFUSED_MS, Reconciler } from "./reconcile/reconciler.js";
import type { PodSeen } from "./seen/pod.js";
import { StartTurn } from "./start-turn.js";
import { ClusterTasks } from "./tasks.js";

export interface EnvironmentOptions {
  readonly key: EnvironmentKey;
  readonly cluster: Cluster;
  readonly settings: CompiledKubernetes;
  readonly secrets: SecretStore;
  readonly now: () => number;
  readonly report: (message: string, error?: unknown) => void;
  /** Null: nobody counts requests. */
  readonly counts: GatewayCounts | null;
}

const RETRY_MS = [500, 30_000] as const;

/** One environment in one namespace: what was accepted, and the loop that makes it so. */
export class ClusterEnvironment {
  readonly #reconciler: Reconciler;
  readonly #explanations: Explanations;
  readonly #tasks: ClusterTasks;
  readonly #start: StartTurn;
  readonly #counting: Counting;
  readonly #loop: Loop;
  readonly #settling = new Settling();
  readonly #leaving = new Leaving();
  #leftLately = false;
  readonly #wasReady = new Set<string>();
  #recorded: Recorded | null = null;
  #loaded = false;
  /** What has taken effect: everything of it was sent, or refused for good. */
  #applied: { readonly term: number; readonly revision: number } | null = null;
  #missing: ReadonlyMap<string, string> = new Map();
  #problem: WindlassError | null = null;
  #failures = 0;
  /** What was made so as a whole; null: something stood against a part of it, or is only known to the cluster. */
  #made: Intent | null = null;
  #dirty = true;
  #seen: Observation | null = null;
  /** Null: something in the namespace changed since they were gathered. */
  #podsNow: readonly PodSeen[] | null = null;
  readonly #unlisten: () => void;

  constructor(private readonly options: EnvironmentOptions) {
    const { cluster, key, now, settings } = options;
    const { namespace } = settings;
    const labels = ownerLabels(key);
    const changed = (): void => {
      this.#dirty = true;
    };
    this.#reconciler = new Reconciler({
      cluster,
      namespace,
      owner: `${labels[SYSTEM]}/${labels[THE_ENVIRONMENT]}`,
      now,
    });
    this.#explanations = new Explanations(cluster.client, now, changed);
    this.#tasks = new ClusterTasks({
      client: cluster.client,
      namespace,
      environment: key,
      ready: (service, group) =>
        this.#pods().filter((pod) => pod.ready && pod.service === service && pod.group === group),
      port: (service, group) => this.#recorded?.intent.services[service]?.groups[group]?.workload.pod?.port ?? null,
      deployment: (service, group) => this.#deploymentOf(service, group),
      clusterPort: (service) => clusterPortOf(this.#recorded?.intent.services[service]?.traffic?.listen.port ?? 0),
      changed,
      report: options.report,
    });
    this.#loop = new Loop(() => this.#round(), now);
    this.#start = new StartTurn(cluster.starting);
    this.#counting = new Counting(options.counts, namespace, now);
    this.#unlisten = cluster.listen(namespace, (what) => {
      changed();
      this.#podsNow = null;
      // The last pod that goes lets an environment end; otherwise pods change nothing of what has to be sent.
      if (what === "asked" || (this.#recorded !== null && isEmpty(this.#recorded.intent))) this.#kick(SETTLE_MS);
    });
  }

  /** Accepts an intent: durable in the cluster once it resolves, and true some time later. */
  async apply(application: Application): Promise<void> {
    const { cluster, key, settings } = this.options;
    await this.#load();
    for (let attempt = 1; ; attempt++) {
      const before = this.#recorded;
      if (before !== null && application.term < before.term)
        throw new WindlassError(
          "target-stale-term",
          `${key} is driven by term ${before.term}; ${application.term} is over`,
        );
      if (before !== null && application.term === before.term && application.revision < before.revision) return;
      // Accepted before: what is being made so goes on at its own pace. When the namespace went, the record did, too.
      const isKnown = application.term === before?.term && application.revision === before.revision;
      if (isKnown && this.#problem?.code !== "kubernetes-not-found") return;
      if (isEmpty(application.intent) && before === null) {
        this.#recorded = { ...application, resourceVersion: "" };
        break;
      }
      try {
        if (before === null) await ensureNamespace(cluster.client, settings.namespace, key);
        this.#recorded = await writeRecord(cluster.client, settings.namespace, key, application, before);
        break;
      } catch (error) {
        if (!(error instanceof WindlassError) || attempt > 3) throw error;
        // Somebody else wrote, or the namespace went: what is there decides.
        if (error.code !== "kubernetes-conflict" && error.code !== "kubernetes-not-found") throw error;
        this.#recorded = await readRecord(cluster.client, settings.namespace);
        if (error.code === "kubernetes-not-found") this.#reconciler.forget();
      }
    }
    this.#dirty = true;
    this.#podsNow = null;
    this.#counting.want(application.intent);
    this.#start.accepted(application.revision);
    this.#failures = 0;
    this.#kick(0);
  }

  async observe(): Promise<Observation> {
    await this.#load();
    const { cluster, now, key, secrets } = this.options;
    cluster.requireFresh();
    if (this.#problem !== null) throw this.#problem;
    for (const pod of this.#pods()) {
      if (pod.ready) this.#wasReady.add(pod.uid);
      else this.#explanations.look(pod);
    }
    const intent = this.#recorded?.intent ?? EMPTY;
    this.#tasks.want(intent.tasks);
    const leftLately = this.#leaving.lately(now());
    if (leftLately !== this.#leftLately) this.#dirty = true;
    if (!this.#dirty && this.#seen !== null && !this.#settling.pending) return { ...this.#seen, seenAt: now() };
    this.#dirty = false;
    const inside = this.options.settings.namespace;
    this.#leaving.look(this.#pods(), cluster.deployments.in(inside).values());
    this.#leftLately = this.#leaving.lately(now());
    const conceal = secrets.conceal(key, () => []);
    this.#seen = {
      seenAt: now(),
      applied: this.#applied,
      services: concealed(
        this.#settling.hold(
          observeServices({
            intent,
            pods: this.#pods(),
            deployments: cluster.deployments.in(inside).values(),
            routes: cluster.routes.in(inside).values(),
            slices: cluster.slices.in(inside).values(),
            explained: (pod) => this.#explanations.of(pod),
            wasReady: (pod) => this.#wasReady.has(pod.uid),
            leftLately: this.#leftLately,
            refused: (service, group) => this.#refusalOf(service, group),
          }),
          now(),
        ),
        conceal,
      ),
      tasks: this.#tasks.observe(intent.tasks),
      resources: resourcesOf(intent),
      ...(this.#reconciler.drift.length > 0 && { drift: this.#reconciler.drift }),
    };
    this.#forgetGone();
    return this.#seen;
  }

  read(cursor: string | null): SignalReading {
    return this.#counting.read(cursor, this.#pods());
  }

  pods(): readonly PodSeen[] {
    return [...this.#pods()];
  }

  /** Everything of this environment goes, its namespace too, when Windlass made it. Returns why that stays. */
  async remove(): Promise<string | null> {
    const { cluster, settings } = this.options;
    await this.#loop.running;
    await this.#reconciler.make([], true);
    const why = await removeNamespace(cluster.client, settings.namespace);
    this.#recorded = null;
    this.#applied = null;
    return why;
  }

  close(): void {
    this.#loop.close();
    this.#unlisten();
    this.#start.over();
    this.#counting.close();
  }

  #deploymentOf(service: ServiceName, group: GroupId): string {
    const wanted = this.#recorded?.intent.services[service];
    if (wanted?.adopt?.group === group) return wanted.adopt.deployment;
    return deploymentName(service, group, wanted?.groups[group]?.digest ?? "");
  }

  #pods(): readonly PodSeen[] {
    this.#podsNow ??= this.#gatherPods();
    return this.#podsNow;
  }

  #gatherPods(): PodSeen[] {
    const adopted = Object.values(this.#recorded?.intent.services ?? {}).some((service) => service.adopt !== undefined);
    const pods = [...this.options.cluster.pods.in(this.options.settings.namespace).values()];
    return adopted ? [...pods, ...this.options.cluster.adoptedPods(this.options.settings.namespace)] : pods;
  }

  /** After a restart: what was accepted last is in the cluster, and is made so again. */
  async #load(): Promise<void> {
    const { cluster, settings } = this.options;
    await openWithin(cluster, settings);
    if (this.#loaded) return;
    this.#recorded = await readRecord(cluster.client, settings.namespace);
    this.#podsNow = null;
    this.#loaded = true;
    this.#start.found(this.#recorded?.revision ?? null);
    if (this.#recorded === null) return;
    this.#counting.want(this.#recorded.intent);
    this.#kick(0);
  }

  #kick(ms: number): void {
    if (this.#recorded !== null) this.#loop.kick(ms);
  }

  /** Makes it so, and says when to look again by itself. */
  async #round(): Promise<Next> {
    await this.#make();
    this.#dirty = true;
    const [first, longest] = RETRY_MS;
    if (this.#failures > 0) return { kind: "retry", ms: Math.min(longest, first * 2 ** Math.min(this.#failures, 10)) };
    // Somebody's change that came while the local copy was late would be told by nothing else.
    if (this.#reconciler.isLate) return { kind: "after", ms: LAG_MS };
    return this.#reconciler.refusals.size > 0 ? { kind: "after", ms: REFUSED_MS } : { kind: "never" };
  }

  async #make(): Promise<void> {
    const leave = await this.#start.enter();
    try {
      await this.#makeNow();
    } finally {
      leave();
    }
  }

  async #makeNow(): Promise<void> {
    const recorded = this.#recorded;
    if (recorded === null) return;
    const { cluster, key, settings, secrets, report } = this.options;
    try {
      this.#requireTerm(recorded);
      if (isEmpty(recorded.intent)) await this.#makeEmpty();
      else if (this.#made !== recorded.intent || !this.#reconciler.isSettled()) {
        const { objects, missing } = await objectsFor(cluster, key, settings, recorded.intent, secrets);
        this.#missing = missing;
        await this.#reconciler.make(objects, settings.drift === "heal");
        const adopts = Object.values(recorded.intent.services).some(({ adopt }) => adopt !== undefined);
        this.#made = adopts || this.#missing.size > 0 ? null : recorded.intent;
      }
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

  /** A control plane that was replaced and does not know it yet must not undo what its successor does. */
  #requireTerm({ term }: Recorded): void {
    const { cluster, key, settings } = this.options;
    const driving = cluster.configurations.get(settings.namespace, RECORD_NAME)?.term ?? null;
    if (driving !== null && driving > term)
      throw new WindlassError("target-stale-term", `${key} is driven by term ${driving}; ${term} is over`);
  }

  /** The namespace went, and everything with it: it is made again, and in it the record of what was accepted. */
  async #beginAnew(recorded: Recorded): Promise<void> {
    const { cluster, key, settings, report } = this.options;
    const { namespace } = settings;
    this.#reconciler.forget();
    try {
      await ensureNamespace(cluster.client, namespace, key);
      if ((await readRecord(cluster.client, namespace)) !== null) return;
      const written = await writeRecord(cluster.client, namespace, key, recorded, null);
      if (this.#recorded === recorded) this.#recorded = written;
      this.#failures = 1;
    } catch (cause) {
      report(`${key}: the namespace cannot be made again`, cause);
    }
  }

  async #makeEmpty(): Promise<void> {
    const { cluster, key, settings, report } = this.options;
    await this.#reconciler.make([], true);
    if (cluster.deployments.in(settings.namespace).size + cluster.pods.in(settings.namespace).size > 0) return;
    if (this.#recorded?.resourceVersion === "") return;
    const why = await removeNamespace(cluster.client, settings.namespace);
    if (why !== null) report(`${key}: the namespace ${settings.namespace} stays: ${why}`);
  }

  /** What stands against a group: a value or image that is missing, or the server's refusal of one of its objects. */
  #refusalOf(service: ServiceName, group: GroupId | null): string | null {
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

  #forgetGone(): void {
    if (this.#wasReady.size < 1_000) return;
    const there = new Set(this.#pods().map((pod) => pod.uid));
    for (const uid of this.#wasReady) if (!there.has(uid)) this.#wasReady.delete(uid);
  }
}

const EMPTY: Intent = { services: {}, resources: {}, tasks: [] };

function isEmpty(intent: Intent): boolean {
  return Object.keys(intent.services).length === 0;
}

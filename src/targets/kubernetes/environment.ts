import type { EnvironmentKey, GroupId, ServiceName } from "../../core/model/intent.js";
import type { Observation } from "../../core/model/observation.js";
import { clusterPortOf } from "../../core/model/pod-shape.js";
import type { Application, SignalReading } from "../../ports/target.js";
import { deploymentName } from "../../render/kubernetes/names.js";
import type { CompiledKubernetes } from "../../spec/compiled-cluster.js";
import { Accepted } from "./accepted.js";
import type { Cluster } from "./cluster.js";
import { concealed } from "./concealed.js";
import { Counting } from "./counting/counting.js";
import type { GatewayCounts } from "./counting/gateway-counts.js";
import { Explanations } from "./explain.js";
import type { SecretStore } from "./group-secrets.js";
import { SETTLE_MS } from "./loop.js";
import { Making } from "./making.js";
import { resourcesOf } from "./objects.js";
import { Failing } from "./observe/failing.js";
import { Leaving } from "./observe/leaving.js";
import { observeServices } from "./observe/observe.js";
import { Settling } from "./observe/settling.js";
import { OwnPods } from "./own-pods.js";
import type { PodSeen } from "./seen/pod.js";
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

/** One environment in one namespace: what was accepted, what is made of it, and what is seen. */
export class ClusterEnvironment {
  readonly #accepted: Accepted;
  readonly #making: Making;
  readonly #pods: OwnPods;
  readonly #explanations: Explanations;
  readonly #tasks: ClusterTasks;
  readonly #counting: Counting;
  readonly #settling = new Settling();
  readonly #leaving = new Leaving();
  readonly #failing = new Failing();
  #leftLately = false;
  /** Something may look otherwise than when it was seen last. */
  #dirty = true;
  #seen: Observation | null = null;
  readonly #unlisten: () => void;

  constructor(private readonly options: EnvironmentOptions) {
    const { cluster, key, now, settings, report } = options;
    const { namespace } = settings;
    const changed = (): void => {
      this.#dirty = true;
    };
    this.#accepted = new Accepted({ key, cluster, settings, gone: () => this.#making.forget() });
    this.#making = new Making(options, this.#accepted, changed);
    this.#pods = new OwnPods(cluster, namespace, () => this.#accepted.intent);
    this.#explanations = new Explanations(cluster.client, now, changed);
    this.#tasks = new ClusterTasks({
      client: cluster.client,
      namespace,
      environment: key,
      ready: (service, group) =>
        this.#pods.now().filter((pod) => pod.ready && pod.service === service && pod.group === group),
      port: (service, group) => this.#accepted.intent.services[service]?.groups[group]?.workload.pod?.port ?? null,
      deployment: (service, group) => this.#deploymentOf(service, group),
      clusterPort: (service) => clusterPortOf(this.#accepted.intent.services[service]?.traffic?.listen.port ?? 0),
      now,
      changed,
      report,
    });
    this.#counting = new Counting(options.counts, namespace, now);
    this.#unlisten = cluster.listen(namespace, (what) => {
      changed();
      this.#pods.changed();
      // The last pod that goes lets an environment end; otherwise pods change nothing of what has to be sent.
      if (what === "asked" || this.#accepted.isOver) this.#making.kick(SETTLE_MS);
    });
  }

  /** Accepts an intent: durable in the cluster once it resolves, and true some time later. */
  async apply(application: Application): Promise<void> {
    await this.#load();
    // What was accepted before is being made so at its own pace; but when the namespace went, so did the record.
    const isGone = this.#making.problem?.code === "kubernetes-not-found";
    if (!(await this.#accepted.accept(application, isGone))) return;
    this.#dirty = true;
    this.#pods.changed();
    this.#counting.want(application.intent);
    this.#making.begin(application.revision);
  }

  async observe(): Promise<Observation> {
    await this.#load();
    const { cluster, now } = this.options;
    cluster.requireFresh();
    if (this.#making.problem !== null) throw this.#making.problem;
    this.#pods.look();
    for (const pod of this.#pods.now()) if (!pod.ready) this.#explanations.look(pod);
    this.#tasks.want(this.#accepted.intent.tasks);
    const leftLately = this.#leaving.lately(now());
    if (leftLately !== this.#leftLately) this.#dirty = true;
    const waits = this.#settling.pending || this.#failing.pending;
    if (!this.#dirty && this.#seen !== null && !waits) return { ...this.#seen, seenAt: now() };
    this.#dirty = false;
    this.#seen = this.#look();
    return this.#seen;
  }

  read(cursor: string | null): SignalReading {
    return this.#counting.read(cursor, this.#pods.now());
  }

  pods(): readonly PodSeen[] {
    return [...this.#pods.now()];
  }

  /** Everything of this environment goes, its namespace too, when Windlass made it. Returns why that stays. */
  async remove(): Promise<string | null> {
    const why = await this.#making.removeAll();
    this.#accepted.forget();
    return why;
  }

  close(): void {
    this.#making.close();
    this.#unlisten();
    this.#counting.close();
  }

  #look(): Observation {
    const { cluster, now, key, secrets, settings } = this.options;
    const { namespace } = settings;
    const { intent } = this.#accepted;
    const pods = this.#pods.now();
    const deployments = cluster.deployments.in(namespace);
    this.#leaving.look(pods, deployments.values());
    this.#leftLately = this.#leaving.lately(now());
    const services = observeServices({
      intent,
      pods,
      deployments: deployments.values(),
      routes: cluster.routes.in(namespace).values(),
      slices: cluster.slices.in(namespace).values(),
      explained: (pod) => this.#explanations.of(pod),
      wasReady: (pod) => this.#pods.wasReady(pod),
      failing: this.#failing.hold(deployments.values(), now()),
      leftLately: this.#leftLately,
      refused: (service, group) => this.#making.refusalOf(service, group),
    });
    const { applied, drift } = this.#making;
    return {
      seenAt: now(),
      applied,
      services: concealed(
        this.#settling.hold(services, now()),
        secrets.conceal(key, () => []),
      ),
      tasks: this.#tasks.observe(intent.tasks),
      resources: resourcesOf(intent),
      ...(drift.length > 0 && { drift }),
    };
  }

  #deploymentOf(service: ServiceName, group: GroupId): string {
    const wanted = this.#accepted.intent.services[service];
    if (wanted?.adopt?.group === group) return wanted.adopt.deployment;
    return deploymentName(service, group, wanted?.groups[group]?.digest ?? "");
  }

  /** After a restart: what was accepted last is in the cluster, and is made so again. */
  async #load(): Promise<void> {
    if (!(await this.#accepted.load())) return;
    this.#pods.changed();
    if (this.#accepted.last !== null) this.#counting.want(this.#accepted.intent);
    this.#making.resume();
  }
}

import type { Intent, ServiceName } from "../../core/model/intent.js";
import { WindlassError } from "../../error.js";
import { MANAGED_BY } from "../../render/kubernetes/labels.js";
import type { KubernetesObject } from "../../render/kubernetes/object.js";
import { API_VERSIONS, KINDS, type Kind } from "../../render/kubernetes/object.js";
import type { Change, Informer, Kubernetes } from "./client/api.js";
import { Turnstile } from "./client/wire/turnstile.js";
import { GatewayFeatures } from "./gateway-features.js";
import { RECORD_NAME } from "./intent-record.js";
import { NamespaceIndex } from "./namespace-index.js";
import { Pulse } from "./pulse.js";
import { type ConfigurationSeen, keepConfiguration } from "./seen/configuration.js";
import { type DeploymentSeen, keepDeployment } from "./seen/deployment.js";
import { keepOwned, type OwnedSeen } from "./seen/owned.js";
import { keepPod, type PodSeen } from "./seen/pod.js";
import { keepRoute, keepSlice, type RouteSeen, type SliceSeen } from "./seen/route.js";

/** `asked`: of what is asked of an object that is owned. `watched`: of what became of it, or of pods and their addresses. */
export type Listener = (what: "asked" | "watched") => void;

const OURS = `${MANAGED_BY}=windlass`;
/** Who says nothing for so long is given up; reading a big cluster may take longer. */
const SYNC_MS = 60_000;
/** What is older than this is not what is. */
const STALE_MS = 15_000;
const STARTING_AT_ONCE = 16;
const MOST_STARTING = 100_000;
/** A thousand environments ask at once. */
const FRESH_MS = 200;

function isAsked(change: Change<unknown>): boolean {
  const value = change.type === "removed" ? null : askedOf(change.value);
  return value !== (change.type === "added" ? null : askedOf(change.before));
}

/** Null: nothing is asked of it (pods, endpoints). */
function askedOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !("shape" in value)) return null;
  const { shape, deleting } = value as OwnedSeen;
  return `${shape} ${deleting}`;
}

/** One cluster as every environment on it sees it: a client, and local copies of what Windlass owns there. */
export class Cluster {
  readonly pods = new NamespaceIndex<PodSeen>();
  readonly deployments = new NamespaceIndex<DeploymentSeen>();
  readonly routes = new NamespaceIndex<RouteSeen>();
  readonly slices = new NamespaceIndex<SliceSeen>();
  readonly configurations = new NamespaceIndex<ConfigurationSeen>();
  /** Everything that is owned, by kind; of Deployments, routes and configurations the same objects as above. */
  readonly owned = new Map<Kind, NamespaceIndex<OwnedSeen>>();
  /** Environments that are made sure of at once after a start. */
  readonly starting = new Turnstile(STARTING_AT_ONCE, MOST_STARTING);
  readonly #informers = new Set<Informer<unknown>>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #adopting = new Set<string>();
  readonly #strangers = new NamespaceIndex<PodSeen>();
  readonly features: GatewayFeatures;
  readonly #pulse: Pulse;
  /** By namespace; the empty one is all of them. */
  readonly #following = new Map<string, Promise<void>>();
  readonly #open = new Set<string>();
  #opening: Promise<"cluster" | "namespace"> | null = null;
  #freshAt = Number.NEGATIVE_INFINITY;
  #closed = false;
  /** Whether HTTPRoutes are served here; asked again while somebody needs them: a server that has just started may not say so yet. */
  #hasGateway = false;
  #openingRoutes: Promise<void> | null = null;

  constructor(
    readonly client: Kubernetes,
    private readonly now: () => number,
  ) {
    this.features = new GatewayFeatures(client, now);
    this.#pulse = new Pulse(client.server, () => client.version(), now);
  }

  /**
   * Begins to follow the cluster; resolves once what a namespace needs is known. Who may not list in all namespaces is
   * followed namespace by namespace. Rejects when the server cannot be reached, or serves no routes to who needs them.
   */
  async open(namespace: string, needsRoutes: boolean): Promise<void> {
    await this.#openAll(namespace);
    if (!needsRoutes || this.#hasGateway) return;
    this.#openingRoutes ??= this.#followRoutes().finally(() => {
      this.#openingRoutes = null;
    });
    await this.#openingRoutes;
  }

  async #openAll(namespace: string): Promise<void> {
    this.#opening ??= this.#decide().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    const scope = (await this.#opening) === "cluster" ? undefined : namespace;
    const key = scope ?? "";
    const known = this.#following.get(key);
    if (known !== undefined) return known;
    const started: Informer<unknown>[] = [];
    const following = this.#follow(scope, started).catch(async (error: unknown) => {
      this.#following.delete(key);
      for (const informer of started) this.#informers.delete(informer);
      await Promise.all(started.map((informer) => informer.stop()));
      throw error;
    });
    this.#following.set(key, following);
    return following;
  }

  /** Whether everything that a namespace needs was known once. */
  isOpen(namespace: string, needsRoutes: boolean): boolean {
    return (this.#open.has("") || this.#open.has(namespace)) && (this.#hasGateway || !needsRoutes);
  }

  /** The existing Deployments that an intent takes over, by service. They are asked for until they are owned. */
  async adoptable(namespace: string, intent: Intent): Promise<ReadonlyMap<ServiceName, DeploymentSeen>> {
    const found = new Map<ServiceName, DeploymentSeen>();
    for (const [service, { adopt }] of Object.entries(intent.services)) {
      if (adopt === undefined) continue;
      const owned = this.deployments.get(namespace, adopt.deployment);
      const reference = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: adopt.deployment };
      const object = owned === undefined ? await this.client.get(reference) : null;
      const deployment = owned ?? (object === null ? undefined : keepDeployment(object));
      if (deployment !== undefined) found.set(service, deployment);
    }
    return found;
  }

  /** Pods of Deployments that were taken over carry none of our labels; they are followed where there are any. */
  adoptedPods(namespace: string): readonly PodSeen[] {
    if (!this.#adopting.has(namespace)) {
      this.#adopting.add(namespace);
      const index = this.#strangers;
      const onChange = (change: Change<PodSeen>): void => {
        index.take(change);
        for (const listener of this.#listeners.get(namespace) ?? []) listener("watched");
      };
      const labelSelector = `${MANAGED_BY}!=windlass`;
      const kind = { apiVersion: "v1", kind: "Pod" };
      this.#informers.add(this.client.informer<PodSeen>({ kind, namespace, labelSelector, keep: keepPod, onChange }));
    }
    return [...this.#strangers.in(namespace).values()];
  }

  /** Called after something in the namespace changed. */
  listen(namespace: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(namespace) ?? new Set<Listener>();
    this.#listeners.set(namespace, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(namespace) === listeners) this.#listeners.delete(namespace);
    };
  }

  /** Throws what keeps the local copies from being what is. */
  requireFresh(): void {
    if (this.now() - this.#freshAt < FRESH_MS) return;
    let heardAt = 0;
    for (const informer of this.#informers) {
      const { synced, problem, lastHeardAt } = informer.health();
      heardAt = Math.max(heardAt, lastHeardAt ?? 0);
      const silent = lastHeardAt === null || this.now() - lastHeardAt > STALE_MS;
      if (problem !== null && (silent || !synced)) throw problem;
      if (!synced)
        throw new WindlassError("kubernetes-unsynced", `${this.client.server} is still being read`, { retry: "safe" });
    }
    this.#pulse.require(heardAt);
    this.#freshAt = this.now();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.client.close();
  }

  async #decide(): Promise<"cluster" | "namespace"> {
    this.#hasGateway = (await this.client.resource({ apiVersion: API_VERSIONS.HTTPRoute, kind: "HTTPRoute" })) !== null;
    const { allowed } = await this.client.can({ verb: "list", kind: { apiVersion: "v1", kind: "Pod" } });
    return allowed ? "cluster" : "namespace";
  }

  async #follow(namespace: string | undefined, started: Informer<unknown>[]): Promise<void> {
    const kinds: (() => Informer<unknown>)[] = [];
    const start = <T>(
      apiVersion: string,
      kind: string,
      keep: (object: KubernetesObject) => T,
      index: NamespaceIndex<T>,
    ) => kinds.push(() => this.#start({ apiVersion, kind }, namespace, keep, index));
    start("v1", "Pod", keepPod, this.pods);
    start("discovery.k8s.io/v1", "EndpointSlice", keepSlice, this.slices);
    for (const kind of KINDS) {
      const version = API_VERSIONS[kind];
      if (kind === "Namespace" || (kind === "HTTPRoute" && !this.#hasGateway)) continue;
      if (kind === "Deployment") start(version, kind, keepDeployment, this.#own(kind, this.deployments));
      else if (kind === "ConfigMap") {
        const keep = (object: KubernetesObject) => keepConfiguration(object, RECORD_NAME);
        start(version, kind, keep, this.#own(kind, this.configurations));
      } else if (kind === "HTTPRoute") start(version, kind, keepRoute, this.#own(kind, this.routes));
      else start(version, kind, keepOwned, this.#own(kind, this.owned.get(kind) ?? new NamespaceIndex<OwnedSeen>()));
    }
    // One after the other: a page of each at once is what would take the most memory.
    for (const begin of kinds) {
      const informer = begin();
      started.push(informer);
      await this.#read(informer);
    }
    this.#open.add(namespace ?? "");
  }

  async #read(informer: Informer<unknown>): Promise<void> {
    for (;;)
      try {
        return await informer.synced(SYNC_MS);
      } catch (error) {
        const { lastHeardAt } = informer.health();
        if (this.#closed || lastHeardAt === null || this.now() - lastHeardAt > SYNC_MS) throw error;
      }
  }

  /** Routes that came to be served after everything else was followed. */
  async #followRoutes(): Promise<void> {
    const kind = { apiVersion: API_VERSIONS.HTTPRoute, kind: "HTTPRoute" };
    if ((await this.client.resource(kind)) === null)
      throw new WindlassError("kubernetes-no-routes", `${this.client.server} serves no HTTPRoute`, {
        hint: "Install Gateway API and a gateway, or take `gateway` out of the spec: then replicas are the weights.",
        retry: "safe",
      });
    const scopes = [...this.#following.keys()].map((key) => (key === "" ? undefined : key));
    const index = this.#own("HTTPRoute", this.routes);
    const started = scopes.map((scope) => this.#start(kind, scope, keepRoute, index));
    await Promise.all(started.map((informer) => informer.synced(SYNC_MS)));
    this.#hasGateway = true;
  }

  #own<T extends OwnedSeen>(kind: Kind, index: NamespaceIndex<T>): NamespaceIndex<T> {
    this.owned.set(kind, index as unknown as NamespaceIndex<OwnedSeen>);
    return index;
  }

  #start<T>(
    kind: { readonly apiVersion: string; readonly kind: string },
    namespace: string | undefined,
    keep: (object: KubernetesObject) => T,
    index: NamespaceIndex<T>,
  ): Informer<unknown> {
    index.clear(namespace);
    const onChange = (change: Change<T>): void => {
      const changed = index.take(change);
      const what = isAsked(change) ? "asked" : "watched";
      for (const listener of this.#listeners.get(changed) ?? []) listener(what);
    };
    const selection = { labelSelector: OURS, ...(namespace !== undefined && { namespace }) };
    const informer = this.client.informer<T>({ kind, ...selection, keep, onChange }) as Informer<unknown>;
    this.#informers.add(informer);
    return informer;
  }
}

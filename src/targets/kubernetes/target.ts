import type { EnvironmentKey } from "../../core/model/intent.js";
import { WindlassError } from "../../error.js";
import type { Clock } from "../../ports/clock.js";
import type { SignalSource, Target } from "../../ports/target.js";
import type { CompiledKubernetes } from "../../spec/compiled-cluster.js";
import type { Kubernetes } from "./client/api.js";
import { Cluster } from "./cluster.js";
import { askGateway } from "./counting/ask-gateway.js";
import { GatewayCounts } from "./counting/gateway-counts.js";
import { ClusterEnvironment } from "./environment.js";
import type { SecretStore } from "./group-secrets.js";
import { podLines } from "./logs.js";

export interface KubernetesTargetOptions {
  readonly clock: Clock;
  readonly secrets: SecretStore;
  /** A client of the cluster that these settings name; called once for each. */
  readonly connect: (settings: Pick<CompiledKubernetes, "kubeconfig" | "context">) => Promise<Kubernetes>;
  /** How an environment's cluster is reached, as its last revision says; null: it has none. */
  readonly settingsOf: (environment: EnvironmentKey) => CompiledKubernetes | null;
  readonly report: (message: string, error?: unknown) => void;
}

/** The Kubernetes target as the engine sees it: any number of clusters, a namespace in one of them per environment. */
export interface KubernetesTarget extends Target, SignalSource {
  /** Takes everything of an environment out of its cluster. Returns why its namespace stays, or null. */
  remove(environment: EnvironmentKey): Promise<string | null>;
  /** The clusters in use, for `doctor` and benchmarks. */
  clusters(): readonly Kubernetes[];
  close(): Promise<void>;
}

export function createKubernetesTarget(options: KubernetesTargetOptions): KubernetesTarget {
  const { clock, report } = options;
  const now = (): number => clock.now();
  const clusters = new Map<string, Promise<Cluster>>();
  const opened = new Set<Kubernetes>();
  const gateways = new Map<string, GatewayCounts>();
  const places = new WeakMap<CompiledKubernetes, string>();
  const environments = new Map<EnvironmentKey, { readonly place: string; readonly is: Promise<ClusterEnvironment> }>();

  const clusterOf = (settings: CompiledKubernetes): Promise<Cluster> => {
    const { kubeconfig, context } = settings;
    const place = JSON.stringify([kubeconfig, context]);
    const known = clusters.get(place);
    if (known !== undefined) return known;
    const opening = options.connect({ kubeconfig, context }).then((client) => {
      opened.add(client);
      return new Cluster(client, now);
    });
    clusters.set(place, opening);
    // A kubeconfig that is wrong now may be right later.
    opening.catch(() => clusters.delete(place));
    return opening;
  };

  const countsOf = (cluster: Cluster, { traffic }: CompiledKubernetes): GatewayCounts | null => {
    if (traffic.kind !== "gateway" || traffic.metrics === null) return null;
    const key = `${cluster.client.server} ${traffic.metrics}`;
    const known = gateways.get(key) ?? new GatewayCounts(askGateway(cluster.client, traffic.metrics), now);
    gateways.set(key, known);
    return known;
  };

  const placeOf = (settings: CompiledKubernetes): string => {
    const known = places.get(settings) ?? JSON.stringify(settings);
    places.set(settings, known);
    return known;
  };

  const at = (key: EnvironmentKey, settings: CompiledKubernetes): Promise<ClusterEnvironment> => {
    const place = placeOf(settings);
    const known = environments.get(key);
    if (known?.place === place) return known.is;
    const is = (async () => {
      if (known !== undefined) (await known.is).close();
      const cluster = await clusterOf(settings);
      const counts = countsOf(cluster, settings);
      return new ClusterEnvironment({ key, cluster, settings, counts, now, secrets: options.secrets, report });
    })();
    environments.set(key, { place, is });
    is.catch(() => environments.delete(key));
    return is;
  };

  const known = (key: EnvironmentKey): Promise<ClusterEnvironment> => {
    const settings = options.settingsOf(key);
    if (settings === null) throw new WindlassError("kubernetes-unknown-environment", `${key} runs on no cluster`);
    return at(key, settings);
  };

  return {
    observe: async (environment) => (await known(environment)).observe(),
    async apply(environment, application) {
      const settings = application.intent.kubernetes ?? options.settingsOf(environment);
      if (settings === null)
        throw new WindlassError("kubernetes-unknown-environment", `${environment} runs on no cluster`);
      await (await at(environment, settings)).apply(application);
    },
    async *logs(environment, query, signal) {
      const found = await known(environment);
      await found.observe();
      const cluster = await clusterOf(options.settingsOf(environment) as CompiledKubernetes);
      yield* podLines(cluster.client, found.pods(), query, signal);
    },
    read: async (environment, cursor) => (await known(environment)).read(cursor),
    remove: async (environment) => (await known(environment)).remove(),
    clusters: () => [...opened],
    async close() {
      for (const { is } of environments.values()) (await is).close();
      for (const counts of gateways.values()) counts.stop();
      for (const opening of clusters.values()) await (await opening).close();
    },
  };
}

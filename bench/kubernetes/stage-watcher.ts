import type { KubernetesObject } from "../../src/render/kubernetes/object.js";
import { connectKubernetes } from "../../src/targets/kubernetes/client/connect.js";
import { keepPod, type PodSeen } from "../../src/targets/kubernetes/seen/pod.js";
import { keepRoute } from "../../src/targets/kubernetes/seen/route.js";

const OURS = "app.kubernetes.io/managed-by=windlass";

interface Canary {
  /** When so many of its pods were ready at once for the first time: the first at 0. */
  readonly readyAt: number[];
  readonly ready: Set<string>;
}

/** What anybody at the API server sees of stages: pods that become ready, and weights that follow. One service per namespace. */
export class StageWatcher {
  readonly #canaries = new Map<string, Canary>();
  readonly #weights = new Map<string, { readonly at: number; readonly highest: number; readonly names: string }[]>();
  #close: () => Promise<void> = async () => {};

  constructor(
    /** The group that is watched. */
    private readonly group: string,
  ) {}

  async start(kubeconfig: string): Promise<void> {
    const clock = { now: () => Math.floor(performance.now()), wall: () => Date.now() };
    const client = await connectKubernetes({ kubeconfig, context: null, clock, userAgent: "windlass-bench-watcher" });
    this.#close = () => client.close();
    const pods = client.informer<PodSeen | null>({
      kind: { apiVersion: "v1", kind: "Pod" },
      labelSelector: `${OURS},windlass.dev/group=${this.group}`,
      keep: keepPod,
      onChange: (change) => {
        if (change.type === "removed" || change.value === null) return;
        this.#pod(change.value);
      },
    });
    const routes = client.informer<null>({
      kind: { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
      labelSelector: OURS,
      keep: (object) => {
        this.#route(object);
        return null;
      },
    });
    await Promise.all([pods.synced(120_000), routes.synced(120_000)]);
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Seconds from the last replica that a stage needs to its weight, of every stage that was seen. */
  samples(stages: readonly { readonly share: number; readonly replicas: number }[]): number[] {
    const found: number[] = [];
    for (const [namespace, { readyAt }] of this.#canaries) {
      for (const { share, replicas } of stages) {
        const ready = readyAt[replicas - 1];
        // Two watches: that of pods may be later than that of routes, and then nobody waited at all.
        const moved = this.#weights.get(namespace)?.find(({ highest }) => highest >= share);
        if (ready !== undefined && moved !== undefined) found.push(Math.max(0, moved.at - ready) / 1_000);
      }
    }
    return found;
  }

  #pod({ namespace, uid, ready, deleting }: PodSeen): void {
    const canary = this.#canaries.get(namespace) ?? { readyAt: [], ready: new Set<string>() };
    this.#canaries.set(namespace, canary);
    if (!ready || deleting) canary.ready.delete(uid);
    else canary.ready.add(uid);
    if (canary.ready.size > canary.readyAt.length) canary.readyAt.push(performance.now());
  }

  #route({ metadata, spec }: KubernetesObject): void {
    const { rules } = keepRoute({ apiVersion: "", kind: "", metadata, spec });
    const namespace = metadata.namespace ?? "";
    const backends = Object.entries(rules.at(-1)?.backends ?? {});
    const told = this.#weights.get(namespace) ?? [];
    this.#weights.set(namespace, told);
    const [stable] = told;
    const names = backends.map(([name]) => name).join(" ");
    // The first route seen has the old group alone, and is no stage's.
    const old = stable?.names ?? names;
    const highest = Math.max(0, ...backends.filter(([name]) => name !== old).map(([, weight]) => weight));
    told.push({ at: performance.now(), highest, names });
  }
}

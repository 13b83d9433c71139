import type { Intent } from "../../core/model/intent.js";
import type { Cluster } from "./cluster.js";
import type { PodSeen } from "./seen/pod.js";

/** Pods that went are forgotten once so many are remembered. */
const REMEMBERED = 1_000;

/** The pods of one environment, those of Deployments that it took over among them. */
export class OwnPods {
  readonly #wasReady = new Set<string>();
  /** Null: something in the namespace changed since they were gathered. */
  #now: readonly PodSeen[] | null = null;

  constructor(
    private readonly cluster: Cluster,
    private readonly namespace: string,
    private readonly intent: () => Intent,
  ) {}

  changed(): void {
    this.#now = null;
  }

  now(): readonly PodSeen[] {
    this.#now ??= this.#gather();
    return this.#now;
  }

  /** Remembers who is ready. */
  look(): void {
    for (const pod of this.now()) if (pod.ready) this.#wasReady.add(pod.uid);
    if (this.#wasReady.size < REMEMBERED) return;
    const there = new Set(this.now().map((pod) => pod.uid));
    for (const uid of this.#wasReady) if (!there.has(uid)) this.#wasReady.delete(uid);
  }

  wasReady({ uid }: PodSeen): boolean {
    return this.#wasReady.has(uid);
  }

  #gather(): PodSeen[] {
    const pods = [...this.cluster.pods.in(this.namespace).values()];
    const adopts = Object.values(this.intent().services).some(({ adopt }) => adopt !== undefined);
    return adopts ? [...pods, ...this.cluster.adoptedPods(this.namespace)] : pods;
  }
}

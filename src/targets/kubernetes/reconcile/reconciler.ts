import type { Drift } from "../../../core/model/observation.js";
import { WindlassError } from "../../../error.js";
import { SERVICE } from "../../../render/kubernetes/labels.js";
import { API_VERSIONS, KINDS, type Kind, type RenderedObject } from "../../../render/kubernetes/object.js";
import { digestOf } from "../../../spec/digest.js";
import type { Cluster } from "../cluster.js";
import { type Difference, driftOf, nameOf } from "../drift.js";
import { RECORD_NAME } from "../intent-record.js";
import { list, text } from "../seen/field.js";
import { shapeOf } from "../seen/owned.js";
import { TASKS_NAME } from "../tasks.js";
import { giveBack, wasTakenOver } from "./give-back.js";
import { type Known, standingOf } from "./known.js";
import { isRefusal, Refusals } from "./refusals.js";
import { send } from "./send.js";

/** What the target itself remembers; it goes with the namespace. */
const KEPT: ReadonlySet<string> = new Set([RECORD_NAME, TASKS_NAME]);
const AT_ONCE = 8;
const KEPT_DRIFT = 100;

export interface ReconcilerOptions {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** `<system>/<environment>` as the labels have it. */
  readonly owner: string;
  readonly now: () => number;
}

/** Makes a namespace hold what is wanted of it and, of what is Windlass's, nothing else. */
export class Reconciler {
  readonly #known = new Map<string, Known>();
  /** The first refusal of this round that may pass by itself; everything else is sent before it is thrown. */
  #passing: WindlassError | null = null;
  readonly refusals: Refusals;
  drift: readonly Drift[] = [];
  /** The local copy has not caught up with everything that was sent: a difference may be somebody's change. */
  isLate = false;

  constructor(private readonly options: ReconcilerOptions) {
    this.refusals = new Refusals(options.now);
  }

  /** Sends what differs, in the given order, then deletes what is not wanted. Throws what is worth another try. */
  async make(objects: readonly RenderedObject[], heal: boolean): Promise<void> {
    const wanted = new Set(objects.map(nameOf));
    this.isLate = false;
    this.#passing = null;
    for (const name of [...this.#known.keys(), ...this.refusals.names()])
      if (!wanted.has(name)) {
        this.#known.delete(name);
        this.refusals.forget(name);
      }
    // Requests move before replicas go, and an abort waits for nothing else.
    await Promise.all(objects.filter((one) => this.#leadsSomewhere(one)).map((route) => this.#one(route, heal)));
    for (const kind of KINDS) {
      const same = objects.filter((object) => object.kind === kind);
      for (let start = 0; start < same.length; start += AT_ONCE)
        await Promise.all(same.slice(start, start + AT_ONCE).map((object) => this.#one(object, heal)));
    }
    if (this.#passing !== null) throw this.#passing;
    const services = new Set(objects.map(({ metadata }) => metadata.labels?.[SERVICE] ?? ""));
    await this.#prune(wanted, services);
  }

  /** A route all of whose Services are in the cluster already. */
  #leadsSomewhere(object: RenderedObject): boolean {
    if (object.kind !== "HTTPRoute") return false;
    const services = this.options.cluster.owned.get("Service")?.in(this.options.namespace);
    const rules = list(object, "spec", "rules");
    const backends = rules.flatMap((rule) => [
      ...list(rule, "backendRefs").map((backend) => text(backend, "name") ?? ""),
      ...list(rule, "filters").flatMap((filter) => text(filter, "requestMirror", "backendRef", "name") ?? []),
    ]);
    return backends.length > 0 && backends.every((name) => services?.get(name)?.deleting === false);
  }

  /** Whether everything, and nothing else, stands as it was sent last: then the same objects need not be sent. */
  isSettled(): boolean {
    const { cluster, namespace, owner, now } = this.options;
    if (this.refusals.size > 0 || this.#known.size === 0) return false;
    let isLate = false;
    for (const [name, known] of this.#known) {
      const [kind = "", object = ""] = name.split("/");
      if (kind === "Namespace") continue;
      const standing = standingOf(known, known.digest, cluster.owned.get(kind as Kind)?.get(namespace, object), now());
      if (standing.kind !== "settled") return false;
      this.#known.set(name, standing.known);
      isLate ||= !standing.known.seen;
    }
    for (const [kind, index] of cluster.owned)
      for (const [name, live] of index.in(namespace)) {
        if (live.owner !== owner || live.deleting || KEPT.has(name)) continue;
        if (!this.#known.has(`${kind}/${name}`)) return false;
      }
    this.isLate = isLate;
    return true;
  }

  /** The namespace is gone or was made anew: nothing that was known holds. */
  forget(): void {
    this.#known.clear();
    this.refusals.clear();
  }

  async #one(object: RenderedObject, heal: boolean): Promise<void> {
    const { cluster, namespace, now } = this.options;
    const name = nameOf(object);
    const digest = digestOf(object);
    const known = this.#known.get(name);
    // Namespaces are not followed: one that goes takes everything along, and that is seen.
    const live =
      object.kind === "Namespace" ? undefined : cluster.owned.get(object.kind)?.get(namespace, object.metadata.name);
    if (object.kind === "Namespace" && known?.digest === digest) return;
    const standing = standingOf(known, digest, live, now());
    if (standing.kind === "settled") {
      this.#known.set(name, standing.known);
      this.isLate ||= !standing.known.seen;
      return;
    }
    // Values of then stay: a group's Secret is written once, and immutable.
    if (object.kind === "Secret" && live !== undefined && !live.deleting) {
      this.#known.set(name, { digest, shape: live.shape, at: now(), seen: true });
      return;
    }
    if (standing.kind === "new" && this.refusals.holds(name, digest)) return;
    if (standing.kind === "gone") this.#tell(driftOf(object, null, [], heal));
    if (standing.kind === "gone" && !heal) return this.#leave(name, digest, "");
    try {
      const replicas =
        object.kind === "Deployment"
          ? (cluster.deployments.get(namespace, object.metadata.name)?.replicas ?? null)
          : null;
      const sent = await send(cluster.client, object, { heal: heal || standing.kind === "new", replicas });
      this.#tell(sent.drift);
      this.refusals.forget(name);
      if (sent.answer === null) return this.#leave(name, digest, live?.shape ?? "");
      this.#known.set(name, { digest, shape: shapeOf(sent.answer), at: now(), seen: false });
      this.isLate = true;
    } catch (error) {
      if (!(error instanceof WindlassError) || !isRefusal(error)) throw error;
      if (!this.refusals.stands(name, digest, object, error)) this.#passing ??= error;
    }
  }

  /** Somebody's change stays: it is how the object stands from now on. */
  #leave(name: string, digest: string, shape: string): void {
    this.#known.set(name, { digest, shape, at: this.options.now(), seen: true });
  }

  #tell(differences: readonly Difference[]): void {
    if (differences.length === 0) return;
    const at = this.options.now();
    this.drift = [...differences.map((one) => ({ ...one, at })), ...this.drift].slice(0, KEPT_DRIFT);
  }

  async #prune(wanted: ReadonlySet<string>, services: ReadonlySet<string>): Promise<void> {
    const { cluster, namespace, owner } = this.options;
    for (const kind of [...KINDS].reverse())
      for (const [name, live] of cluster.owned.get(kind)?.in(namespace) ?? []) {
        if (live.owner !== owner || live.deleting || KEPT.has(name) || wanted.has(`${kind}/${name}`)) continue;
        const deployment = kind === "Deployment" ? cluster.deployments.get(namespace, name) : undefined;
        if (deployment !== undefined && wasTakenOver(deployment) && !services.has(deployment.service ?? "")) {
          await giveBack(cluster.client, namespace, deployment);
          continue;
        }
        const reference = { apiVersion: API_VERSIONS[kind], kind, namespace, name };
        await cluster.client.delete(reference, { propagation: "Background", uid: live.uid });
      }
  }
}

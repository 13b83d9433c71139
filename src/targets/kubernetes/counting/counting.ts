import type { Intent } from "../../../core/model/intent.js";
import type { SignalReading } from "../../../ports/target.js";
import { deploymentName } from "../../../render/kubernetes/names.js";
import type { PodSeen } from "../seen/pod.js";
import type { GatewayCounts, Page } from "./gateway-counts.js";
import { type Backend, parseCursor, type RestartSeen, readingOf } from "./reading.js";

const SECOND = 1_000;
const KEPT_RESTARTS = 1_000;
const KEPT_BACKENDS = 1_000;

/** Requests and restarts of one environment, by the second. */
export class Counting {
  readonly #backends = new Map<string, Backend>();
  readonly #restarts: RestartSeen[] = [];
  readonly #known = new Map<string, number>();
  #pods: readonly PodSeen[] | null = null;

  constructor(
    private readonly counts: GatewayCounts | null,
    private readonly namespace: string,
    private readonly now: () => number,
  ) {}

  /** A group's Service keeps its meaning after the group is gone: its last seconds may not be read yet. */
  want(intent: Intent): void {
    for (const [service, { groups, traffic }] of Object.entries(intent.services))
      for (const [group, { digest }] of Object.entries(groups)) {
        const name = deploymentName(service, group, digest);
        this.#backends.set(`${this.namespace}-${name}`, { service, group, slowMs: traffic?.slowMs ?? null });
      }
    for (const oldest of this.#backends.keys()) {
      if (this.#backends.size <= KEPT_BACKENDS) break;
      this.#backends.delete(oldest);
    }
  }

  read(cursor: string | null, pods: readonly PodSeen[]): SignalReading {
    const since = parseCursor(cursor);
    const page: Page = this.counts?.read(since) ?? {
      seconds: [],
      completeTo: Math.floor(this.now() / SECOND) * SECOND,
    };
    this.#see(pods, page.completeTo);
    return readingOf(page, this.#backends, this.#restarts, since);
  }

  close(): void {
    this.#backends.clear();
  }

  /** A restart is told in a second that is not over, so that nobody has read past it. */
  #see(pods: readonly PodSeen[], completeTo: number): void {
    if (pods === this.#pods) return;
    this.#pods = pods;
    const there = new Set<string>();
    for (const { uid, name, service, group, restarts } of pods) {
      there.add(uid);
      const before = this.#known.get(uid);
      this.#known.set(uid, restarts);
      if (service === null || group === null || before === undefined) continue;
      const at = Math.max(completeTo, Math.floor(this.now() / SECOND) * SECOND);
      for (let count = before; count < restarts; count++) this.#restarts.push({ at, service, group, replica: name });
    }
    for (const uid of this.#known.keys()) if (!there.has(uid)) this.#known.delete(uid);
    this.#restarts.splice(0, Math.max(0, this.#restarts.length - KEPT_RESTARTS));
  }
}

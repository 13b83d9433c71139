import type { Kubernetes } from "./client/api.js";
import type { Explanation } from "./observe/replica.js";
import { text } from "./seen/field.js";
import type { PodSeen } from "./seen/pod.js";

const LAST_LINES = 20;
const READ_MS = 3_000;
/** Most pods become ready by themselves: the events of one are asked for when it takes longer, and again while it does. */
const EVENTS_AFTER_MS = 2_000;
const EVENTS_EVERY_MS = 5_000;
const AT_ONCE = 4;
const REMEMBERED = 1_000;

interface Entry {
  restarts: number;
  lastLines: readonly string[] | null;
  said: string | null;
  reading: boolean;
  askedAt: number;
}

/** Finds out what the status of a pod in trouble does not say: its last lines, and what its probe saw. Bounded in every way. */
export class Explanations {
  readonly #entries = new Map<string, Entry>();
  #busy = 0;

  constructor(
    private readonly client: Kubernetes,
    private readonly now: () => number,
    private readonly changed: () => void,
  ) {}

  of(pod: PodSeen): Explanation | undefined {
    return this.#entries.get(pod.uid);
  }

  /** Starts what is worth knowing about a pod; what cannot be had now is tried with the next look. */
  look(pod: PodSeen): void {
    const entry = this.#entries.get(pod.uid);
    const ended =
      pod.lastEnd !== null && (entry === undefined || entry.restarts !== pod.restarts || entry.lastLines === null);
    const silent = !pod.ready && !pod.deleting && pod.node !== null;
    if (entry === undefined && silent && !ended) {
      const askedAt = this.now() - EVENTS_EVERY_MS + EVENTS_AFTER_MS;
      this.#remember(pod, { restarts: pod.restarts, lastLines: null, said: null, reading: false, askedAt });
      return;
    }
    const due = entry !== undefined && this.now() - entry.askedAt >= EVENTS_EVERY_MS;
    if ((!ended && !(silent && due)) || entry?.reading === true || this.#busy >= AT_ONCE) return;
    const next: Entry = {
      restarts: pod.restarts,
      lastLines: entry?.lastLines ?? null,
      said: entry?.said ?? null,
      reading: true,
      askedAt: this.now(),
    };
    this.#remember(pod, next);
    this.#busy++;
    void this.#read(pod, next, ended).finally(() => {
      this.#busy--;
      next.reading = false;
      this.changed();
    });
  }

  #remember(pod: PodSeen, entry: Entry): void {
    this.#entries.delete(pod.uid);
    this.#entries.set(pod.uid, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= REMEMBERED) break;
      this.#entries.delete(oldest);
    }
  }

  async #read(pod: PodSeen, entry: Entry, ended: boolean): Promise<void> {
    if (ended) entry.lastLines = await this.#lastLines(pod);
    if (!pod.ready) entry.said = (await this.#events(pod)) ?? entry.said;
  }

  /** Of the container that ended: the running one's predecessor, or the one that is not running any more. */
  async #lastLines(pod: PodSeen): Promise<readonly string[]> {
    const { namespace, name, container } = pod;
    const lines: string[] = [];
    try {
      const options = { namespace, pod: name, container, tailLines: LAST_LINES, previous: pod.running };
      for await (const line of this.client.logs(options, AbortSignal.timeout(READ_MS))) lines.push(line);
    } catch (error) {
      // The exit is worth telling without them; why they are missing is told in their place.
      lines.push(`(its output cannot be read: ${error instanceof Error ? error.message : String(error)})`);
    }
    return lines.slice(-LAST_LINES);
  }

  async #events(pod: PodSeen): Promise<string | null> {
    const fieldSelector = `involvedObject.uid=${pod.uid},type=Warning`;
    let latest: { at: string; said: string } | null = null;
    try {
      for await (const page of this.client.list(
        { apiVersion: "v1", kind: "Event" },
        { namespace: pod.namespace, fieldSelector, limit: 100 },
      ))
        for (const event of page.items) {
          const at =
            text(event, "lastTimestamp") ?? text(event, "eventTime") ?? text(event, "series", "lastObservedTime") ?? "";
          const said = text(event, "message") ?? text(event, "reason") ?? "";
          if (latest === null || at >= latest.at) latest = { at, said };
        }
    } catch (error) {
      // Events are a help for people, and forbidden in some clusters; the next look asks again.
      return `(its events cannot be read: ${error instanceof Error ? error.message : String(error)})`;
    }
    return latest?.said ?? null;
  }
}

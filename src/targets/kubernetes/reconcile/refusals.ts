import type { WindlassError } from "../../../error.js";
import type { RenderedObject } from "../../../render/kubernetes/object.js";

/** Said by the server: trying again changes nothing until somebody changes something. */
const REFUSALS: ReadonlySet<string> = new Set([
  "kubernetes-admission",
  "kubernetes-forbidden",
  "kubernetes-invalid",
  "kubernetes-quota",
  "kubernetes-refused",
]);
/**
 * What passes by itself most of the time: a server that has just started knows nobody's rights yet (403), an etcd
 * without a leader (500), a webhook that has no pod at the moment. A rollout is not turned back for that.
 */
const PASSING_MS = 30_000;
/** Somebody may have changed the rule that it was refused by. */
export const REFUSED_MS = 30_000;

export interface Refusal {
  /** Of what was refused. */
  readonly digest: string;
  readonly error: WindlassError;
  readonly object: RenderedObject;
  readonly at: number;
}

/** What the server refuses, by `<kind>/<name>`: it is asked again when that changes, or some time later. */
export class Refusals {
  readonly #standing = new Map<string, Refusal>();
  /** Since when something is refused that may pass by itself. */
  readonly #since = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  get size(): number {
    return this.#standing.size;
  }

  values(): IterableIterator<Refusal> {
    return this.#standing.values();
  }

  names(): readonly string[] {
    return [...new Set([...this.#standing.keys(), ...this.#since.keys()])];
  }

  /** Whether the same was refused a short time ago. */
  holds(name: string, digest: string): boolean {
    const refusal = this.#standing.get(name);
    return refusal?.digest === digest && this.now() - refusal.at < REFUSED_MS;
  }

  /** Keeps a refusal; false: it may pass by itself, and is not old enough to say that it does not. */
  stands(name: string, digest: string, object: RenderedObject, error: WindlassError): boolean {
    const at = this.now();
    const since = this.#since.get(name) ?? at;
    this.#since.set(name, since);
    if (mayPass(error) && !this.#standing.has(name) && at - since < PASSING_MS) return false;
    this.#standing.set(name, { digest, error, object, at });
    return true;
  }

  /** It was taken, or is wanted no more. */
  forget(name: string): void {
    this.#standing.delete(name);
    this.#since.delete(name);
  }

  clear(): void {
    this.#standing.clear();
    this.#since.clear();
  }
}

/** Whether the server answered, and said no to this object; an unreachable server or a namespace that is gone is more than that. */
export function isRefusal({ code }: WindlassError): boolean {
  return REFUSALS.has(code);
}

/** A quota is said to be full at once: whoever waits for room is told so. */
function mayPass({ code, retry }: WindlassError): boolean {
  return code === "kubernetes-forbidden" || (retry === "safe" && code !== "kubernetes-quota");
}

import type { KubernetesObject, ObjectMeta } from "../../../../render/kubernetes/object.js";
import type { Change } from "../api.js";
import { isOlder } from "./state.js";

interface Held<T> {
  readonly uid: string;
  version: string;
  value: T;
  /** The whole list that it was last seen in, or watched after. */
  list: number;
}

/** So many deleted objects are remembered, to know late events of theirs. */
const BURIED = 1_024;

/** The copies of the objects, trimmed, and what each piece of news changes in them. */
export class Store<T> {
  readonly #held = new Map<string, Held<T>>();
  /** What left, oldest first: uid and version. With a later version it may come back, into the selection. */
  readonly #buried = new Map<string, string>();
  #list = 0;

  get size(): number {
    return this.#held.size;
  }

  get(key: string): T | undefined {
    return this.#held.get(key)?.value;
  }

  *entries(): IterableIterator<[string, T]> {
    for (const [key, { value }] of this.#held) yield [key, value];
  }

  beginList(): void {
    this.#list++;
  }

  /** What the list that has just ended did not name is gone, whether or not anybody told. */
  endList(): Change<T>[] {
    const changes: Change<T>[] = [];
    for (const [key, { list, uid, version, value }] of this.#held)
      if (list !== this.#list) {
        this.#held.delete(key);
        this.#bury(uid, version);
        changes.push({ type: "removed", key, before: value });
      }
    return changes;
  }

  /** An object as it is, of a list or an event. Copies and what is older than the one held change nothing. */
  put(object: KubernetesObject, keep: (object: KubernetesObject) => T): Change<T>[] {
    const { uid = "", resourceVersion: version = "" } = object.metadata;
    const key = keyOf(object.metadata);
    const held = this.#held.get(key);
    const buried = this.#buried.get(uid);
    if (buried !== undefined && (buried === version || isOlder(version, buried))) return [];
    if (held !== undefined && held.uid === uid) {
      held.list = this.#list;
      if (held.version === version || isOlder(version, held.version)) return [];
      const before = held.value;
      held.value = keep(object);
      held.version = version;
      return [{ type: "changed", key, value: held.value, before }];
    }
    if (held !== undefined && isOlder(version, held.version)) return [];
    const value = keep(object);
    this.#held.set(key, { uid, version, value, list: this.#list });
    if (held === undefined) return [{ type: "added", key, value }];
    // Deleted and made again between two looks: another object of the same name.
    this.#bury(held.uid, held.version);
    return [
      { type: "removed", key, before: held.value },
      { type: "added", key, value },
    ];
  }

  /** An object left the selection, as it was when it did. */
  remove({ metadata }: KubernetesObject): Change<T>[] {
    const { uid = "", resourceVersion: version = "" } = metadata;
    const key = keyOf(metadata);
    const held = this.#held.get(key);
    if (held !== undefined && held.uid === uid && isOlder(version, held.version)) return [];
    this.#bury(uid, version);
    if (held === undefined || held.uid !== uid) return [];
    this.#held.delete(key);
    return [{ type: "removed", key, before: held.value }];
  }

  #bury(uid: string, version: string): void {
    if (uid === "") return;
    this.#buried.delete(uid);
    this.#buried.set(uid, version);
    const [oldest] = this.#buried.keys();
    if (this.#buried.size > BURIED && oldest !== undefined) this.#buried.delete(oldest);
  }
}

export function keyOf({ namespace, name }: ObjectMeta): string {
  // Joined, it is one flat string; a template's is kept with the pieces that it was made of.
  return namespace === undefined ? name : [namespace, name].join("/");
}

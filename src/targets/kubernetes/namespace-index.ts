import type { Change } from "./client/api.js";

/** A local copy of one kind of objects, by namespace and name. */
export class NamespaceIndex<T> {
  readonly #namespaces = new Map<string, Map<string, T>>();

  in(namespace: string): ReadonlyMap<string, T> {
    return this.#namespaces.get(namespace) ?? NOTHING;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  /** Returns the namespace that changed. */
  take(change: Change<T>): string {
    const slash = change.key.indexOf("/");
    const namespace = change.key.slice(0, slash);
    const name = change.key.slice(slash + 1);
    const inside = this.#namespaces.get(namespace) ?? new Map<string, T>();
    if (change.type === "removed") inside.delete(name);
    else inside.set(name, change.value);
    if (inside.size === 0) this.#namespaces.delete(namespace);
    else this.#namespaces.set(namespace, inside);
    return namespace;
  }

  /** Without a name, everything. */
  clear(namespace?: string): void {
    if (namespace === undefined) this.#namespaces.clear();
    else this.#namespaces.delete(namespace);
  }
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

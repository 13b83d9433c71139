import type { Drift } from "../../core/model/observation.js";
import type { KubernetesObject } from "../../render/kubernetes/object.js";

/** When it was seen is for whoever keeps it. */
export type Difference = Omit<Drift, "at">;

export interface FieldConflict {
  /** As the API server writes it: `.spec.template.spec.containers[name="web"].image`. */
  readonly field: string;
  readonly manager: string | null;
}

/** Where an object's owners differ, as people read it. Values of Secrets are never told. */
export function driftOf(
  wanted: KubernetesObject,
  found: KubernetesObject | null,
  conflicts: readonly FieldConflict[],
  healed: boolean,
): readonly Difference[] {
  const object = nameOf(wanted);
  if (found === null) return [{ object, field: "", wanted: "there", found: "gone", by: null, healed }];
  const secret = wanted.kind === "Secret";
  return conflicts.map(({ field, manager }) => ({
    object,
    field: field.replace(/^\./, ""),
    wanted: secret ? "(secret)" : shown(valueAt(wanted, field)),
    found: secret ? "(secret)" : shown(valueAt(found, field)),
    by: manager,
    healed,
  }));
}

export function nameOf(object: { readonly kind: string; readonly metadata: { readonly name: string } }): string {
  return [object.kind, object.metadata.name].join("/");
}

/** Follows the server's path notation: names, and list items by key (`[name="web"]`), by value or by index. */
export function valueAt(value: unknown, path: string): unknown {
  let found = value;
  for (const [, name, inside] of path.matchAll(/\.?([^.[\]]+)|\[((?:"(?:[^"\\]|\\.)*"|[^\]])*)\]/g)) {
    if (typeof found !== "object" || found === null) return undefined;
    if (name !== undefined) found = (found as Record<string, unknown>)[name];
    else if (Array.isArray(found)) found = itemOf(found, inside ?? "");
    else found = (found as Record<string, unknown>)[unquoted(inside ?? "")];
  }
  return found;
}

function itemOf(items: readonly unknown[], inside: string): unknown {
  if (/^\d+$/.test(inside)) return items[Number(inside)];
  const keys = [...inside.matchAll(/([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  return items.find(
    (item) =>
      typeof item === "object" &&
      item !== null &&
      keys.every(([, key = "", text = ""]) => String((item as Record<string, unknown>)[key]) === unquoted(text)),
  );
}

function unquoted(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

const LONGEST = 200;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

import type { Path } from "../problem.js";

/** Where a value was written. The path leads to it in the user's document. */
export interface Origin {
  readonly layer:
    | { readonly kind: "default" }
    | { readonly kind: "system" }
    | { readonly kind: "environment"; readonly name: string }
    | { readonly kind: "extends"; readonly name: string };
  readonly path: Path;
}

/** A value that remembers, at every depth, where it came from. Lists are one value: they never merge. */
export interface Traced {
  readonly origin: Origin;
  readonly value: unknown;
  /** Of an object; null for anything else. */
  readonly members: ReadonlyMap<string, Traced> | null;
}

/** Turns a short form into the long one (`8080` into `{ number: 8080 }`), or returns the value itself. */
export type Expand = (value: unknown, below: Path) => unknown;

/** `below` is the path from the root of this tree; a long form made from a short one keeps the short one's origin. */
export function trace(value: unknown, origin: Origin, expand: Expand, below: Path = []): Traced {
  const long = expand(value, below);
  if (!isObject(long)) return { origin, value: long, members: null };
  const members = new Map<string, Traced>();
  for (const [key, member] of Object.entries(long)) {
    if (member === undefined) continue;
    const path = long === value ? [...origin.path, key] : origin.path;
    members.set(key, trace(member, { ...origin, path }, expand, [...below, key]));
  }
  return { origin, value: undefined, members };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The plain value again. */
export function plain(node: Traced): unknown {
  if (node.members === null) return node.value;
  return Object.fromEntries([...node.members].map(([key, member]) => [key, plain(member)]));
}

/** Where the value at `path` was written, or the nearest one around it that somebody wrote. */
export function originAt(node: Traced, path: Path): Origin {
  const [head, ...rest] = path;
  if (head === undefined) return node.origin;
  if (node.members === null) return { ...node.origin, path: [...node.origin.path, ...path] };
  const member = node.members.get(String(head));
  if (member === undefined || member.origin.layer.kind === "default") return node.origin;
  return originAt(member, rest);
}

import type { Path } from "../problem.js";
import type { Traced } from "./trace.js";

/** Of these fields an object has one; the upper layer's choice removes the lower one's. */
const ONE_OF = [
  ["http", "tcp", "command"],
  ["image", "command"],
  ["image", "dockerfile", "base"],
  ["gateway", "ingressClass"],
  ["host", "hosts"],
  ["embedded", "local", "external"],
  ["prometheus", "otlp", "http", "command"],
] as const;

/**
 * `upper` over `lower`: objects merge member by member, anything else replaces, null removes. Two objects that are not
 * the same thing (a canary over a rolling strategy, another registry) and two secrets do not merge.
 */
export function overlay(lower: Traced, upper: Traced, below: Path = []): Traced {
  if (lower.members === null || upper.members === null || isSecret(below)) return upper;
  const members = new Map(lower.members);
  if (!isByName(below)) {
    if (isAnother(identityOf(below), lower.members, upper.members)) return upper;
    for (const rivals of ONE_OF) {
      const chosen = rivals.filter((key) => isSet(upper.members?.get(key)));
      if (chosen.length > 0) for (const key of rivals) if (!chosen.some((one) => one === key)) members.delete(key);
    }
  }
  for (const [key, member] of upper.members) {
    const under = members.get(key);
    if (member.members === null && member.value === null) members.delete(key);
    else members.set(key, under === undefined ? member : overlay(under, member, [...below, key]));
  }
  const origin = lower.origin.layer.kind === "default" ? upper.origin : lower.origin;
  return { origin, value: undefined, members };
}

/** Without the nulls that had nothing to remove. */
export function settle(node: Traced): Traced {
  if (node.members === null) return node;
  const kept = [...node.members].filter(([, member]) => member.members !== null || member.value !== null);
  return { ...node, members: new Map(kept.map(([key, member]) => [key, settle(member)])) };
}

/** Where keys are names that users give, so that a service called `image` is nothing but a name. */
function isByName(below: Path): boolean {
  if (below.length === 1) return below[0] === "services" || below[0] === "resources";
  if (below[0] !== "services") return false;
  if (below[2] === "analysis") return (below.length === 4 && below[3] === "signals") || below[7] === "attributes";
  return below.length === 3 && (below[2] === "environment" || below[2] === "uses");
}

/** The field that says which thing an object describes; what was said about another one does not hold for it. */
function identityOf(below: Path): string | null {
  const [room, second, third] = below;
  if (room === "resources") return below.length === 2 ? "kind" : null;
  if (room === "registry") return below.length === 1 ? "prefix" : null;
  if (room === "kubernetes") return below.length === 2 && second === "gateway" ? "name" : null;
  if (room !== "services" || below.length !== 3) return null;
  if (third === "dockerfile") return "file";
  return third === "strategy" ? "kind" : null;
}

function isAnother(
  identity: string | null,
  lower: ReadonlyMap<string, Traced>,
  upper: ReadonlyMap<string, Traced>,
): boolean {
  if (identity === null) return false;
  const [before, after] = [lower.get(identity)?.value, upper.get(identity)?.value];
  // A kind that nobody named below is implied by the other fields, which belong to it alone.
  return after !== undefined && after !== null && after !== before && (before !== undefined || identity === "kind");
}

/** Whether a secret may stand there; another name must not inherit `generate`. */
export function isSecret(below: Path): boolean {
  if (below[0] === "services" && below[2] === "analysis") return below.length === 7 && below[6] === "token";
  if (below[0] === "services") return below.length === 4 && below[2] === "environment";
  return below.length === 3 && below[0] === "resources" && below[2] === "external";
}

function isSet(node: Traced | undefined): boolean {
  return node !== undefined && (node.members !== null || (node.value !== null && node.value !== undefined));
}

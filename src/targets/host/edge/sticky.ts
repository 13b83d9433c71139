import type { EdgeService } from "./protocol.js";

/**
 * Sticky clients (docs/decisions/0004). The cookie is a point on a circle of 10,000, not the name of a group: each
 * group owns an arc as long as its weight, so the share of clients follows the weights in both directions, a client
 * moves only when the boundary passes its point, and clients on stable stay there as those on the canary do (rule 14).
 */
export const POINTS = 10_000;

export interface Sticky {
  readonly cookie: string;
  readonly maxAgeSeconds: number;
  /** Turns the circle per pair of revisions, so that it is not the same clients who are first each time. */
  readonly offset: number;
  /** Index of the group and where its arc ends (exclusive), in order of the groups' ids. */
  readonly arcs: readonly { readonly group: number; readonly end: number }[];
}

/** `groups` are the group ids by index. Null when the service has no stickiness or nothing has a weight. */
export function stickyOf(service: Pick<EdgeService, "sticky" | "weights">, groups: readonly string[]): Sticky | null {
  if (service.sticky === null) return null;
  const weighted = groups.filter((id) => (service.weights[id] ?? 0) > 0).sort();
  if (weighted.length === 0) return null;
  let end = 0;
  const arcs = weighted.map((id) => {
    end += ((service.weights[id] ?? 0) * POINTS) / 100;
    return { group: groups.indexOf(id), end };
  });
  return {
    cookie: service.sticky.cookie,
    maxAgeSeconds: Math.max(1, Math.round(service.sticky.ttlMs / 1_000)),
    offset: hashOf(weighted.join(" ")) % POINTS,
    arcs,
  };
}

/** The point that a cookie carries; null when it is not one of ours. */
export function pointOf(cookie: string | null): number | null {
  return cookie !== null && /^\d{4}$/.test(cookie) ? Number(cookie) : null;
}

/** The group on whose arc the point lies. */
export function groupAt(sticky: Sticky, point: number): number {
  const position = (point + sticky.offset) % POINTS;
  for (const arc of sticky.arcs) if (position < arc.end) return arc.group;
  return sticky.arcs[sticky.arcs.length - 1]?.group ?? 0;
}

/** A point on the arc of `group` for a client that the schedule has just dealt to it. `random` is in [0, 1). */
export function pointFor(sticky: Sticky, group: number, random: number): number {
  let start = 0;
  for (const arc of sticky.arcs) {
    if (arc.group === group) return (start + Math.floor(random * (arc.end - start)) - sticky.offset + POINTS) % POINTS;
    start = arc.end;
  }
  return Math.floor(random * POINTS);
}

export function setCookieOf(sticky: Sticky, point: number, secure: boolean): string {
  const value = String(point).padStart(4, "0");
  return `${sticky.cookie}=${value}; Path=/; Max-Age=${sticky.maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

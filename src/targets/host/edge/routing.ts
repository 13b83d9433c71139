import type { RouteMatch } from "../../../spec/compiled.js";
import { readCookie } from "./cookie.js";
import type { EdgeService } from "./protocol.js";
import { scheduleOf } from "./schedule.js";
import { groupAt, pointFor, pointOf, type Sticky, stickyOf } from "./sticky.js";

/** Header names in lower case, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Where a request goes: decided once, whatever replica it ends on. */
export interface Decision {
  /** Index into `groups`. */
  readonly group: number;
  /** The point for a new cookie; null when none is to be set. */
  readonly point: number | null;
  /** It took a slot of the schedule. */
  readonly dealt: boolean;
}

/** What a table says about one service, ready to be asked per request; immutable. */
export interface Routing {
  readonly groups: readonly string[];
  readonly weights: readonly number[];
  readonly slots: Uint8Array;
  readonly routes: readonly { readonly match: RouteMatch; readonly decision: Decision }[];
  readonly sticky: Sticky | null;
  /** Prepared, so that the common case allocates nothing. */
  readonly dealt: readonly Decision[];
}

export function routingOf(service: EdgeService): Routing {
  const groups = Object.keys(service.groups);
  const weights = groups.map((id) => service.weights[id] ?? 0);
  return {
    groups,
    weights,
    slots: scheduleOf(weights),
    routes: service.routes.map(({ match, group }) => ({
      match: match.kind === "header" ? { ...match, name: match.name.toLowerCase() } : match,
      decision: { group: groups.indexOf(group), point: null, dealt: false },
    })),
    sticky: stickyOf(service, groups),
    dealt: groups.map((_, group) => ({ group, point: null, dealt: true })),
  };
}

/**
 * Route, else cookie, else the schedule's slot at `cursor` (the caller moves it on when `dealt`).
 * Null: nothing has a weight, so nothing may get traffic and the request is held.
 */
export function decide(
  routing: Routing,
  cursor: number,
  headers: RequestHeaders,
  random: () => number,
): Decision | null {
  if (routing.slots.length === 0) return null;
  for (const route of routing.routes) if (matches(route.match, headers)) return route.decision;
  const { sticky } = routing;
  if (sticky !== null) {
    const point = pointOf(readCookie(headers.cookie as string | undefined, sticky.cookie));
    if (point !== null) return { group: groupAt(sticky, point), point: null, dealt: false };
  }
  const group = routing.slots[cursor % routing.slots.length] ?? 0;
  if (sticky !== null) return { group, point: pointFor(sticky, group, random()), dealt: true };
  return routing.dealt[group] ?? null;
}

function matches(match: RouteMatch, headers: RequestHeaders): boolean {
  if (match.kind === "cookie") return readCookie(headers.cookie as string | undefined, match.name) === match.value;
  const value = headers[match.name];
  if (value === undefined) return false;
  const values = typeof value === "string" ? [value] : value;
  return values.some((one) => (match.mode === "exact" ? one === match.value : one.includes(match.value)));
}

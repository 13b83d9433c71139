import type { TrafficIntent } from "../../core/model/intent.js";
import { digestOf } from "../../spec/digest.js";
import type { JsonObject } from "./rendered.js";
import { cookieMatch } from "./route-match.js";
import { type GroupScope, type ServiceScope, weighted } from "./scope.js";

/**
 * Sticky clients behind a gateway (docs/decisions/0004). The cookie is a point on a circle of 10,000, of which each group
 * owns as much as its weight. A weight is a whole percent, so the first two digits decide, and they can be matched by an
 * expression. A gateway draws no numbers: new clients get one of as many points as a route may have backends.
 */
const CIRCLE = 100;
const MOST_BACKENDS = 16;

/** Where on the circle a group's arc lies, in hundreds of points after turning. */
interface Arc {
  readonly group: GroupScope;
  readonly start: number;
}

interface Circle {
  readonly arcs: readonly Arc[];
  /** Turns the circle per pair of groups, so that it is not the same clients who are first each time. */
  readonly turn: number;
}

/** Null: the service has no sticky clients, or one group has them all. */
function circleOf(scope: ServiceScope, traffic: TrafficIntent): Circle | null {
  const groups = weighted(scope);
  if (traffic.sticky === null || groups.length < 2) return null;
  let start = 0;
  const arcs = groups.map((group) => {
    const arc = { group, start };
    start += group.weight;
    return arc;
  });
  const digest = digestOf(groups.map(({ id }) => id)).slice("sha256:".length);
  return { arcs, turn: Number.parseInt(digest.slice(0, 8), 16) % CIRCLE };
}

/** Where clients that carry a point go, whatever the weights deal to others. */
export function stickyRules(
  scope: ServiceScope,
  traffic: TrafficIntent,
): readonly { readonly header: JsonObject; readonly group: GroupScope }[] {
  const circle = circleOf(scope, traffic);
  if (circle === null || traffic.sticky === null) return [];
  const { cookie } = traffic.sticky;
  return circle.arcs.map(({ group, start }) => {
    const hundreds = Array.from({ length: group.weight }, (_, step) => pointAt(circle, start + step));
    return { group, header: cookieMatch(cookie, `(${expressionOf(hundreds)})\\d\\d`) };
  });
}

/** New clients: each group's weight in parts, each part with the point in its middle. Null: no cookie is set. */
export function stickyBackends(
  scope: ServiceScope,
  traffic: TrafficIntent,
): readonly { readonly group: GroupScope; readonly weight: number; readonly cookie: string }[] | null {
  const circle = circleOf(scope, traffic);
  if (circle === null || traffic.sticky === null) return null;
  const seconds = Math.max(1, Math.round(traffic.sticky.ttlMs / 1_000));
  const secure = traffic.ingress?.redirect === true || traffic.ingress?.tls != null ? "; Secure" : "";
  const { cookie } = traffic.sticky;
  const spare = MOST_BACKENDS - circle.arcs.length;
  return circle.arcs.flatMap(({ group, start }) => {
    const parts = Math.min(group.weight, 1 + Math.floor((spare * group.weight) / CIRCLE));
    return Array.from({ length: parts }, (_, part) => {
      const from = Math.floor((group.weight * part) / parts);
      const to = Math.floor((group.weight * (part + 1)) / parts);
      const point = `${digits(pointAt(circle, start + Math.floor((from + to) / 2)))}50`;
      const value = `${cookie}=${point}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
      return { group, weight: to - from, cookie: value };
    });
  });
}

function pointAt({ turn }: Circle, position: number): number {
  return (position + CIRCLE - turn) % CIRCLE;
}

function digits(hundred: number): string {
  return String(hundred).padStart(2, "0");
}

/** `0[3456789]|1\d|2[012]` for 03 to 22. */
function expressionOf(hundreds: readonly number[]): string {
  const tens = new Map<number, number[]>();
  for (const hundred of [...hundreds].sort((a, b) => a - b)) {
    const ten = Math.floor(hundred / 10);
    tens.set(ten, [...(tens.get(ten) ?? []), hundred % 10]);
  }
  return [...tens].map(([ten, ones]) => `${ten}${ones.length === 10 ? "\\d" : `[${ones.join("")}]`}`).join("|");
}

import type { Strategy } from "../../spec/compiled.js";
import type { GroupId } from "../model/intent.js";
import { nextPace, shareByReplicas } from "./pace.js";

/** What the target is told about one service in mid-rollout. */
export interface Shape {
  readonly groups: Readonly<Record<GroupId, number>>;
  readonly weights: Readonly<Record<GroupId, number>>;
  readonly routed: GroupId | null;
}

/** What is known when the next shape is chosen. `from` is the group before, null on a first deployment. */
export interface ShapeInput {
  readonly from: GroupId | null;
  readonly to: GroupId;
  readonly hasPort: boolean;
  /** Whether the old group answers requests; a worker that becomes a service has nobody to share them with. */
  readonly fromHasPort: boolean;
  readonly strategy: Strategy;
  /** Replicas that the new and the old group have when they are whole. */
  readonly size: number;
  readonly fromSize: number;
  readonly ready: { readonly from: number; readonly to: number };
  readonly present: { readonly from: number; readonly to: number };
  readonly now: Shape;
  /** The edge has the weights of `now`. Always true for workers. */
  readonly inForce: boolean;
}

/**
 * One step toward `share` percent on the new group (1..100). Returns `now` itself when nothing is to be changed yet.
 * A weight rises only onto replicas that are ready for it; the old group gives up its last replica only after its
 * weight is 0 in force (rules 1 and 5).
 */
export function stepForward(input: ShapeInput, share: number): Shape {
  const { from, to, now } = input;
  const asked = now.groups[to] ?? 0;
  if (from === null || replacesNothing(input)) return direct(input, share);
  if (input.strategy.kind === "rolling") return roll(input, from);

  const wanted = input.strategy.kind === "canary" && share < 100 ? Math.ceil((input.size * share) / 100) : input.size;
  const groups = { ...now.groups, [to]: Math.max(asked, wanted) };
  const routes = input.strategy.kind === "canary" && input.strategy.routes.length > 0 && input.ready.to > 0;
  const routed = routes ? to : now.routed;
  const carries = input.ready.to >= wanted && share > (now.weights[to] ?? 0);
  const weights = carries ? split(to, share, from) : now.weights;
  return settle(now, { groups, weights, routed });
}

/** Nothing of the old group is left, or nothing is wanted of the new one: there is nothing to share requests with. */
function replacesNothing({ from, now, size, strategy, hasPort, fromHasPort }: ShapeInput): boolean {
  if (from === null || (now.groups[from] ?? 0) === 0) return true;
  return (hasPort && !fromHasPort) || (size === 0 && strategy.kind !== "rolling");
}

/** The first deployment, or one that replaces nothing: all at once, gated by readiness. */
function direct(input: ShapeInput, share: number): Shape {
  const { from, to, now } = input;
  const groups = { ...now.groups, [to]: Math.max(now.groups[to] ?? 0, input.size) };
  const whole = input.ready.to >= input.size && share > 0;
  const started = input.hasPort && (whole || (now.weights[to] ?? 0) === 100);
  const weights = started ? { [to]: 100 } : now.weights;
  // A rolling replacement ends with the old group gone; it never had requests that it could lose.
  const over = whole && input.strategy.kind === "rolling" && sameWeights(weights, now.weights) && input.inForce;
  if (from !== null && over) groups[from] = 0;
  return settle(now, { groups, weights, routed: null });
}

/** How many replicas more or fewer than whole there may be; only rolling lets fewer be ready. */
function limitsOf(strategy: Strategy, size: number): { readonly maxSurge: number; readonly maxUnavailable: number } {
  if (strategy.kind !== "rolling") return { maxSurge: size, maxUnavailable: 0 };
  return { maxSurge: strategy.maxSurge, maxUnavailable: strategy.maxUnavailable };
}

function roll(input: ShapeInput, from: GroupId): Shape {
  const { to, now } = input;
  const paced = nextPace({
    size: input.size,
    ...limitsOf(input.strategy, input.size),
    growing: now.groups[to] ?? 0,
    growingReady: input.ready.to,
    shrinking: now.groups[from] ?? 0,
    shrinkingPresent: input.present.from,
  });
  if (!input.hasPort)
    return settle(now, {
      groups: { ...now.groups, [to]: paced.growing, [from]: paced.shrinking },
      weights: {},
      routed: null,
    });

  const readyTo = Math.min(input.ready.to, paced.growing);
  const before = now.weights[to] ?? 0;
  // An old group of which nothing is ready must not keep requests from the new one (rule 11).
  const carrying = input.ready.from === 0 ? 0 : paced.shrinking;
  const share = Math.max(before, shareByReplicas(readyTo, carrying));
  const weights = readyTo === 0 ? (paced.shrinking === 0 ? {} : now.weights) : split(to, share, from);
  const same = sameWeights(weights, now.weights);
  // The last old replica goes only after its weight is gone in force.
  const shrinking = paced.shrinking === 0 && !(same && input.inForce) ? (now.groups[from] ?? 0) : paced.shrinking;
  return settle(now, { groups: { ...now.groups, [to]: paced.growing, [from]: shrinking }, weights, routed: null });
}

/**
 * One step back to the old group: the new group's weight only falls, by what the old group's ready replicas carry
 * (rule 5); its replicas go when it has no weight in force. Nothing to go back to: the new group goes.
 */
export function stepBack(input: ShapeInput): Shape {
  const { from, to, now } = input;
  if (from === null) {
    const gone = !input.hasPort || (Object.keys(now.weights).length === 0 && input.inForce);
    return settle(now, {
      groups: { ...now.groups, [to]: gone ? 0 : (now.groups[to] ?? 0) },
      weights: {},
      routed: null,
    });
  }
  const limits = limitsOf(input.strategy, input.fromSize);
  const paced = nextPace({
    size: input.fromSize,
    ...limits,
    growing: now.groups[from] ?? 0,
    growingReady: input.ready.from,
    shrinking: now.groups[to] ?? 0,
    shrinkingPresent: input.present.to,
  });
  if (!input.hasPort)
    return settle(now, {
      groups: { ...now.groups, [from]: paced.growing, [to]: paced.shrinking },
      weights: {},
      routed: null,
    });

  // What the strategy allows to be unavailable need not be there before the old group carries everything again.
  const whole = Math.max(1, input.fromSize - limits.maxUnavailable);
  const carried = input.fromSize === 0 ? 100 : Math.min(100, Math.floor((100 * input.ready.from) / whole));
  const before = now.weights[to] ?? 0;
  const asked = now.groups[to] ?? 0;
  // One replica, no surge: the strategy stops the new one first, so nothing gets requests for a moment.
  const stopFirst = paced.shrinking === 0 && asked === 1 && paced.growing === 0 && input.fromSize > 0;
  const remaining = stopFirst || (input.ready.to === 0 && input.ready.from > 0) ? 0 : Math.min(before, 100 - carried);
  const weights =
    input.fromSize > 0 &&
    input.ready.from === 0 &&
    remaining === 0 &&
    (before > 0 || Object.keys(now.weights).length === 0)
      ? {}
      : split(to, remaining, from);
  const clear = remaining === 0 && sameWeights(weights, now.weights) && now.routed === null && input.inForce;
  // It keeps the replicas for what the old group cannot carry yet, and one while it has any weight.
  const needed = Math.min(asked, Math.max(1, whole - input.ready.from));
  const shrinking = clear ? 0 : Math.max(Math.min(paced.shrinking, asked), needed);
  return settle(now, { groups: { ...now.groups, [from]: paced.growing, [to]: shrinking }, weights, routed: null });
}

/** Whether the way back is complete: only the old group, whole, with all the traffic. */
export function isBack(input: ShapeInput): boolean {
  const { from, to, now } = input;
  if ((now.groups[to] ?? 0) > 0) return false;
  if (from === null) return true;
  if ((now.groups[from] ?? 0) < input.fromSize) return false;
  return !input.hasPort || ((now.weights[from] ?? 0) === 100 && input.inForce);
}

/** Whether the new group has `share` in force, and, at 100, is whole and (rolling) alone. */
export function hasArrived(input: ShapeInput, stageShare: number): boolean {
  const { from, to, now } = input;
  const share = replacesNothing(input) ? 100 : stageShare;
  if (input.hasPort && ((now.weights[to] ?? 0) !== share || !input.inForce)) return false;
  if (share < 100) return true;
  if ((now.groups[to] ?? 0) < input.size || input.ready.to < input.size) return false;
  return input.strategy.kind !== "rolling" || from === null || (now.groups[from] ?? 0) === 0;
}

function split(to: GroupId, share: number, from: GroupId): Record<GroupId, number> {
  if (share >= 100) return { [to]: 100 };
  if (share <= 0) return { [from]: 100 };
  return { [to]: share, [from]: 100 - share };
}

export function sameWeights(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => (a[key] ?? 0) === (b[key] ?? 0));
}

export function sameShape(a: Shape, b: Shape): boolean {
  return sameWeights(a.weights, b.weights) && a.routed === b.routed && sameWeights(a.groups, b.groups);
}

function settle(now: Shape, next: Shape): Shape {
  return sameShape(now, next) ? now : next;
}

import { isDeepStrictEqual } from "node:util";
import { desired } from "../../src/core/deployment/desired.js";
import { emptyEnvironment, evolve } from "../../src/core/deployment/evolve.js";
import { digestOfGroup, sizeIn } from "../../src/core/deployment/steps.js";
import type { DomainEvent } from "../../src/core/model/events.js";
import type { Observation } from "../../src/core/model/observation.js";
import type { EnvironmentState } from "../../src/core/model/state.js";
import { understand } from "../../src/engine/known-events.js";
import { type Fact, KEY, type World } from "./world.js";

export class Broken extends Error {
  override readonly name = "Broken";
}

type Shaped = Extract<DomainEvent, { type: "rollout.shaped@1" }>["data"];

function hold(truth: boolean, rule: string, facts: unknown): asserts truth {
  if (!truth) throw new Broken(`${rule}: ${JSON.stringify(facts)}`);
}

/** Checks everything that may be said about the facts of one step, given what the engine saw when it decided. */
export function checkFacts(world: World, facts: readonly Fact[], seen: Observation | null): void {
  for (const [index, { record, before, after }] of facts.entries()) {
    const event: DomainEvent = understand(record);
    const following = facts[index + 1];
    const next: DomainEvent | null = following === undefined ? null : understand(following.record);
    if (event.type === "rollout.shaped@1") {
      const forced = next?.type === "rollout.returned@1" && !next.data.clean;
      checkShape(world, before, event.data, seen, forced);
    }
    if (event.type === "stage.entered@1") {
      const progression = before.services[event.data.service]?.rollout?.progression;
      const paused = before.deployment?.paused != null && progression?.advance === null;
      hold(!paused, "pausing stops stages", event);
      const closed = world.gates.some((gate) => !gate.open) && before.deployment?.kind !== "rollback";
      hold(!closed, "a closed gate stops stages", event);
    }
    if (event.type === "deployment.finished@1" && event.data.outcome === "succeeded") checkSuccess(world, after);
    checkSpam(after, event);
    if (after.intentVersion === before.intentVersion && record.version % 7 === 0)
      hold(
        isDeepStrictEqual(desired(before), desired(after)),
        "the target hears of every change that concerns it",
        event,
      );
  }
}

function checkShape(world: World, state: EnvironmentState, data: Shaped, seen: Observation | null, forced: boolean) {
  const service = state.services[data.service];
  const rollout = service?.rollout;
  const spec = state.revisions[state.deployment?.to ?? ""]?.environment.services[data.service];
  if (service === undefined || rollout == null || spec === undefined) throw new Broken("a shape without a rollout");
  const { from, to } = rollout;
  const back = rollout.phase === "returning";
  const settled = state.settled.at(-1);
  const size = sizeIn(state, data.service, state.deployment?.to ?? "");
  const fromSize = from === null || settled === undefined ? 0 : sizeIn(state, data.service, settled);
  const goal = back ? fromSize : size;
  const ready = (group: string | null) =>
    group === null
      ? 0
      : (seen?.services[data.service]?.groups[group]?.replicas.filter((one) => one.phase === "ready").length ?? 0);
  const asked = (group: string) => service.groups[group]?.replicas ?? 0;
  const context = {
    data,
    was: service.weights,
    asked: Object.fromEntries(Object.keys(data.groups).map((g) => [g, asked(g)])),
    ready: { from: ready(from), to: ready(to) },
    size,
    fromSize,
    back,
    strategy: spec.strategy.kind,
  };

  const weights = Object.entries(data.weights);
  const sum = weights.reduce((all, [, weight]) => all + weight, 0);
  hold(weights.length === 0 || sum === 100, "weights sum to 100", context);
  hold(
    weights.every(([group, weight]) => Number.isInteger(weight) && data.groups[group] !== undefined),
    "weights are whole and on groups",
    context,
  );

  for (const [group, weight] of weights) {
    const before = service.weights[group] ?? 0;
    if (weight <= before || forced) continue;
    hold(group === from || group === to, "only the two groups of a rollout get weight", context);
    if (group === to) {
      hold(!back, "going back, the new group's weight never rises", context);
      hold(ready(to) > 0 || size === 0, "a weight rises onto ready replicas", context);
      if (spec.strategy.kind !== "rolling" && size > 0)
        hold(
          ready(to) >=
            Math.ceil((size * (before === 0 && weight === 100 && asked(from ?? "") === 0 ? 100 : weight)) / 100),
          "a weight rises when its replicas are ready",
          context,
        );
      const edge = world.model.environment(KEY).services.get(data.service)?.edge?.inForce(world.now).weights ?? {};
      const groups = world.model.environment(KEY).services.get(data.service)?.groups;
      const others = Object.entries(edge).filter(
        ([other, share]) =>
          share > 0 && other !== from && other !== to && (groups?.get(other)?.ready().length ?? 0) > 0,
      );
      hold(others.length === 0, "an earlier group has no weight in force before a later one gets any", {
        context,
        edge,
      });
    } else if (fromSize > 0) {
      hold(back, "going forward, the old group's weight never rises", context);
      hold(ready(from) > 0, "the old group gets requests back when it is ready", context);
    }
  }

  const limits = spec.strategy.kind === "rolling" ? spec.strategy : { maxSurge: goal, maxUnavailable: 0 };
  const port = spec.listen !== null;
  const floor = from === null ? 0 : goal - limits.maxUnavailable;
  const carrying = (groups: (group: string) => number, shares: Readonly<Record<string, number>>) =>
    [from, to].reduce((all, group) => {
      if (group === null || (port && (shares[group] ?? 0) === 0)) return all;
      return all + Math.min(groups(group), ready(group));
    }, 0);
  const had = carrying(asked, service.weights);
  const has = carrying((group) => data.groups[group] ?? 0, data.weights);
  if (!forced)
    hold(has >= Math.min(floor, had), "no fewer ready replicas than the strategy allows", {
      ...context,
      had,
      has,
      floor,
    });
  hold(!(forced && had > 0 && has === 0), "the last ready replicas are never taken", { ...context, had, has });

  if (spec.strategy.kind === "rolling" && from !== null) {
    const all = (data.groups[from] ?? 0) + (data.groups[to] ?? 0);
    const most = Math.max(goal + limits.maxSurge, asked(from) + asked(to));
    hold(all <= most, "never more than surge allows", { ...context, all, most });
  }
}

function checkSuccess(world: World, state: EnvironmentState): void {
  const { deployment } = state;
  const revision = state.revisions[deployment?.to ?? ""];
  for (const step of deployment?.steps ?? []) {
    const service = state.services[step.service];
    if (step.action === "remove") {
      hold(service === undefined, "a removed service is gone", step);
      continue;
    }
    if (sizeIn(state, step.service, deployment?.to ?? "") === 0) continue;
    const wanted = revision?.workloads[step.service];
    const running = world.model
      .environment(KEY)
      .services.get(step.service)
      ?.groups.get(service?.stable ?? "");
    hold(running?.intent.digest === wanted, "the digest that runs is the digest that was intended", {
      step,
      wanted,
      running: running?.intent.digest,
    });
  }
}

const counts = new WeakMap<object, number>();

/** Facts per deployment are bounded by what there is to do, not by how long it takes. */
function checkSpam(state: EnvironmentState, event: DomainEvent): void {
  const steps = state.deployment?.steps;
  if (steps === undefined || !("deployment" in event.data) || event.data.deployment !== state.deployment?.id) return;
  const count = (counts.get(steps) ?? 0) + 1;
  counts.set(steps, count);
  hold(count <= 20 + steps.length * 90, "no event spam", { count, last: event });
}

/** What must be true when nothing goes wrong any more and nobody wants anything. */
export function checkRest(world: World): void {
  const state = world.mirror;
  const { deployment } = state;
  hold(deployment === null || deployment.outcome !== null, "every path ends", {
    deployment,
    waiting: world.driver.waiting,
  });
  hold(state.next === null, "nothing waits behind a deployment that is over", state.next);
  const unclean = deployment?.outcome === "failed";
  const truth = world.model.environment(KEY);
  for (const name of truth.services.keys())
    hold(state.services[name] !== undefined, "nothing runs that nobody asked for", { name });
  const settled = state.revisions[state.settled.at(-1) ?? ""];
  for (const [name, service] of Object.entries(state.services)) {
    const { stable } = service;
    hold(stable !== null && service.rollout === null, "a service at rest has one stable group", { name, service });
    const there = truth.services.get(name);
    if (!unclean) {
      hold(Object.keys(service.groups).length === 1, "other groups are gone at rest", { name, service });
      hold(digestOfGroup(state, name, stable) === settled?.workloads[name], "rest is on what settled", { name });
      hold(service.groups[stable]?.replicas === sizeIn(state, name, settled?.id ?? ""), "whole at rest", {
        name,
        service,
      });
      const inForce = there?.edge?.inForce(world.now).weights;
      if (inForce !== undefined) hold((inForce[stable] ?? 0) === 100, "all requests go to stable", { name, inForce });
    }
    for (const [id, group] of Object.entries(service.groups)) {
      const running = there?.groups.get(id)?.replicas.filter((one) => one.phase !== "stopping").length ?? 0;
      const startable = there?.groups.get(id)?.behaviour.problem === null;
      if (startable) hold(running === group.replicas, "as many run as were asked for", { name, id, running, group });
    }
  }
  checkReplay(world);
}

/** Reading the ledger again gives the state that the engine has, through JSON and back. */
export function checkReplay(world: World): void {
  let replayed = emptyEnvironment(KEY);
  for (const record of world.disk.records) {
    const copy = JSON.parse(JSON.stringify(record)) as typeof record;
    replayed = evolve(replayed, understand(copy), copy);
  }
  const same = isDeepStrictEqual(JSON.parse(JSON.stringify(replayed)), JSON.parse(JSON.stringify(world.driver.state)));
  hold(same, "replaying the ledger gives the same state", {
    version: replayed.version,
    engine: world.driver.state.version,
  });
}

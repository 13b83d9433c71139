import { handleCommand } from "../../src/core/deployment/command.js";
import { emptyEnvironment, evolve } from "../../src/core/deployment/evolve.js";
import type { DomainEvent } from "../../src/core/model/events.js";
import type { Release } from "../../src/core/model/revision.js";
import type { EnvironmentState } from "../../src/core/model/state.js";
import type { CompiledEnvironment } from "../../src/spec/compiled.js";
import { digestOf } from "../../src/spec/digest.js";

// What the stories of the plan begin with.

/** A release with files of its own. */
export function release(version: string, more: Partial<Release> = {}): Release {
  const content = {
    version,
    commit: null,
    dirty: false,
    artefacts: { web: digestOf(version) },
    spec: digestOf("spec"),
  };
  return { digest: digestOf(content), label: `${version}-abc`, ...content, ...more };
}

export function apply(state: EnvironmentState, events: readonly DomainEvent[]): EnvironmentState {
  return events.reduce(
    (before, event) => evolve(before, event, { version: before.version + 1, at: 1_000, by: "engine", key: null }),
    state,
  );
}

/** The environment after a release was deployed and ran well. */
export function running(environment: CompiledEnvironment, of: Release, before = emptyEnvironment("shop/staging")) {
  const outcome = handleCommand(before, {
    command: { kind: "deploy", release: of, environment, reason: null, fast: false },
    key: of.version,
    expected: null,
    by: "user:ada",
  });
  if (outcome.kind === "refused" || outcome.deployment === null) throw new Error(JSON.stringify(outcome));
  const asked = apply(before, outcome.events);
  const deployment = outcome.deployment;
  const to = asked.next?.to ?? "";
  const from = before.settled.at(-1) ?? null;
  const services = Object.keys(environment.services);
  const shaped = services.flatMap((service): DomainEvent[] => [
    { type: "rollout.started@1", data: { deployment, service } },
    {
      type: "rollout.shaped@1",
      data: { deployment, service, groups: { [to]: 3 }, weights: { [to]: 100 }, routed: null, because: "test" },
    },
    { type: "rollout.arrived@1", data: { deployment, service } },
  ]);
  const steps = services.map((service) => ({ service, action: "roll-out" as const, from, to, stages: [] }));
  return apply(asked, [
    { type: "deployment.started@1", data: { deployment, from, to, steps } },
    ...shaped,
    { type: "deployment.finished@1", data: { deployment, outcome: "succeeded", cause: null } },
  ]);
}

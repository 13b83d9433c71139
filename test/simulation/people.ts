import type { Command } from "../../src/core/model/command.js";
import type { EnvironmentState } from "../../src/core/model/state.js";
import type { CompiledService, Strategy } from "../../src/spec/compiled.js";
import { ANALYSIS } from "./analysis.js";
import type { Chance } from "./random.js";
import { type BehaviourName, deployOf, environment, service } from "./system.js";

/** A random system that evolves by random releases, and the people and programs that command it. */
export class People {
  #version = 0;
  #services: CompiledService[];
  readonly #whenBusy: "supersede" | "refuse";

  constructor(private readonly chance: Chance) {
    this.#whenBusy = chance.happens(0.8) ? "supersede" : "refuse";
    const names = ["web", "api", "jobs", "mail"].slice(0, chance.between(1, 4));
    this.#services = names.map((name, index) => this.#serviceOf(name, names.slice(0, index)));
  }

  /** What somebody wants now; mostly a deployment while none goes on. */
  wish(state: EnvironmentState): Command {
    const { chance } = this;
    const busy = state.deployment?.outcome === null;
    const revisions = Object.keys(state.revisions);
    const reason = "because";
    const wish = chance.of(
      busy
        ? ([
            "deploy",
            "pause",
            "resume",
            "resume",
            "advance",
            "full",
            "abort",
            "rollback",
            "hold",
            "scale",
            "down",
          ] as const)
        : ([
            "deploy",
            "deploy",
            "deploy",
            "deploy",
            "rollback",
            "rollback",
            "again",
            "hold",
            "unhold",
            "scale",
            "scale",
            "down",
          ] as const),
    );
    switch (wish) {
      case "deploy":
        return this.nextRelease();
      case "again": {
        const revision = state.revisions[chance.of(revisions) ?? ""];
        if (revision === undefined) return this.nextRelease();
        return { kind: "deploy", release: revision.release, environment: revision.environment, reason, fast: false };
      }
      case "pause":
      case "abort":
        return { kind: wish, reason };
      case "down":
        return chance.happens(0.3) ? { kind: "down", reason } : { kind: "resume" };
      case "resume":
        return { kind: "resume" };
      case "advance":
        return { kind: "advance", full: false };
      case "full":
        return { kind: "advance", full: true };
      case "rollback":
        return { kind: "rollback", to: chance.happens(0.7) ? null : (chance.of(revisions) ?? null), reason };
      case "hold":
        return { kind: "hold", revision: chance.of(revisions) ?? null, reason };
      case "unhold":
        return { kind: "unhold", revision: null, reason };
      case "scale":
        return { kind: "scale", service: chance.of(this.#services).name, replicas: chance.between(0, 7) };
    }
  }

  nextRelease(): Command {
    const { chance } = this;
    this.#version += 1;
    const version = String(this.#version);
    if (chance.happens(0.1)) this.#services = this.#services.map((one) => ({ ...one, replicas: chance.between(0, 7) }));
    if (chance.happens(0.2)) this.#services = this.#services.map((one) => this.#restyled(one));
    if (chance.happens(0.1) && this.#services.length > 1) this.#services = this.#services.slice(0, -1);
    const bad = chance.happens(this.#version === 1 ? 0.1 : 0.45);
    const changed = this.#services.map((one) => {
      if (this.#version > 1 && chance.happens(0.3)) return one;
      const behaviour: BehaviourName = bad
        ? chance.of([
            "never-ready",
            "ends-at-once",
            "ends-later",
            "cannot-start",
            "erroring",
            "fails-smoke",
            "ends-once",
            "slow",
            "a-little-worse",
            "slower",
          ])
        : chance.of(["good", "good", "good", "slow", "ends-once"]);
      return { ...one, run: { kind: "command" as const, argv: ["app", behaviour, version] } };
    });
    this.#services = changed;
    const to = environment(changed, { whenBusy: this.#whenBusy, rollbackWindow: chance.between(0, 3) });
    return deployOf(`v${version}`, to, chance.happens(0.1));
  }

  #restyled(one: CompiledService): CompiledService {
    return { ...one, strategy: this.#strategy(one.listen !== null) };
  }

  #serviceOf(name: string, before: readonly string[]): CompiledService {
    const { chance } = this;
    const worker = chance.happens(0.25);
    return service(name, {
      replicas: chance.between(1, 7),
      strategy: this.#strategy(!worker),
      onTooLittleData: chance.of(["hold", "abort", "continue"]),
      after: before.filter(() => chance.happens(0.4)),
      ...(worker ? { listen: null, guards: [] } : {}),
      ...(!worker && chance.happens(0.5) && { analysis: ANALYSIS, ...(chance.happens(0.5) && { guards: [] }) }),
    });
  }

  #strategy(hasPort: boolean): Strategy {
    const { chance } = this;
    const kind = hasPort ? chance.of(["rolling", "blue-green", "canary"] as const) : "rolling";
    switch (kind) {
      case "rolling": {
        const maxSurge = chance.between(0, 3);
        const maxUnavailable = chance.between(maxSurge === 0 ? 1 : 0, 3);
        return { kind, maxSurge, maxUnavailable, observeMs: chance.of([0, 0, 5_000]) };
      }
      case "blue-green":
        return {
          kind,
          smoke: chance.happens(0.6) ? [{ kind: "http", path: "/ready", status: 200, timeoutMs: 1_000 }] : [],
          observeMs: chance.of([0, 4_000]),
          keepOldMs: chance.of([0, 10_000]),
        };
      case "canary": {
        const shares = [chance.between(1, 20), chance.between(21, 60), 100].slice(chance.between(0, 2));
        return {
          kind,
          stages: shares.map((share) => ({ share, minMs: 4_000, maxMs: chance.of([4_000, 12_000]) })),
          routes: chance.happens(0.5) ? [{ kind: "header", name: "x-canary", value: "1", mode: "exact" }] : [],
          sticky: null,
          keepOldMs: chance.of([0, 10_000]),
        };
      }
    }
  }
}

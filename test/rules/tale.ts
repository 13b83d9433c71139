import type { CommandOutcome } from "../../src/core/deployment/outcome.js";
import type { Command } from "../../src/core/model/command.js";
import type { EnvironmentState } from "../../src/core/model/state.js";
import type { SignalProvider } from "../../src/ports/signal-provider.js";
import type { CompiledEnvironment } from "../../src/spec/compiled.js";
import type { ModelOptions } from "../../src/targets/model/target.js";
import { checkFacts } from "../simulation/invariants.js";
import { Chance } from "../simulation/random.js";
import { deployOf, environment, type ServiceOptions, service } from "../simulation/system.js";
import { type Fact, KEY, World } from "../simulation/world.js";

/** A small story about one environment, told on the real engine and the model target. */
export class Tale {
  readonly world: World;
  readonly facts: Fact[] = [];

  private constructor(options: ModelOptions) {
    this.world = new World(new Chance(1).next, options);
  }

  static async begin(options: ModelOptions = {}, provider: SignalProvider | null = null): Promise<Tale> {
    const tale = new Tale(options);
    tale.world.provider = provider;
    await tale.world.start();
    return tale;
  }

  get state(): EnvironmentState {
    return this.world.mirror;
  }

  async ask(command: Command, key?: string, expected: number | null = null): Promise<CommandOutcome> {
    const outcome = await this.world.command(command, key, expected);
    this.facts.push(...this.world.facts());
    if (outcome === null) throw new Error("the engine died");
    return outcome;
  }

  deploy(label: string, to: CompiledEnvironment, fast = false): Promise<CommandOutcome> {
    return this.ask(deployOf(label, to, fast));
  }

  /** One look of the engine, then `ms` pass. */
  async step(ms = 100): Promise<void> {
    const { facts, driver } = await this.world.step();
    checkFacts(this.world, facts, driver.observation);
    this.facts.push(...facts);
    this.world.now += ms;
  }

  async until(what: (state: EnvironmentState) => boolean, withinMs = 600_000): Promise<EnvironmentState> {
    for (const end = this.world.now + withinMs; this.world.now < end; ) {
      await this.step();
      if (what(this.state)) return this.state;
    }
    throw new Error(`never; the engine waits: ${JSON.stringify(this.world.driver.waiting)}`);
  }

  /** Until nothing is in progress and nothing waits. */
  over(): Promise<EnvironmentState> {
    return this.until(({ deployment, next }) => next === null && deployment !== null && deployment.outcome !== null);
  }

  async pass(ms: number): Promise<void> {
    for (const end = this.world.now + ms; this.world.now < end; ) await this.step();
  }

  types(): readonly string[] {
    return this.facts.map((fact) => fact.record.type);
  }

  /** Weights of `web` that the edge has in force. */
  inForce(name = "web"): Readonly<Record<string, number>> {
    return this.world.model.environment(KEY).services.get(name)?.edge?.inForce(this.world.now).weights ?? {};
  }

  /** Every weights that were ever asked for `group` of `web`, in order. */
  weightsOf(group: string, name = "web"): readonly number[] {
    return this.facts.flatMap(({ record }) => {
      const data = record.data as { service?: string; weights?: Record<string, number> };
      return record.type === "rollout.shaped@1" && data.service === name ? [data.weights?.[group] ?? 0] : [];
    });
  }
}

const STAGES = [
  { share: 10, minMs: 5_000, maxMs: 15_000 },
  { share: 50, minMs: 5_000, maxMs: 15_000 },
  { share: 100, minMs: 5_000, maxMs: 15_000 },
];

/** An environment with one service, `web`, delivered as a canary. */
export function canary(version: string, options: ServiceOptions = {}): CompiledEnvironment {
  return environment([
    service("web", {
      version,
      strategy: { kind: "canary", stages: STAGES, routes: [], sticky: null, keepOldMs: 0 },
      ...options,
    }),
  ]);
}

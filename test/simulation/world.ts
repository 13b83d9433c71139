import { decide } from "../../src/core/deployment/decide.js";
import { emptyEnvironment, evolve } from "../../src/core/deployment/evolve.js";
import type { CommandOutcome } from "../../src/core/deployment/outcome.js";
import type { Command } from "../../src/core/model/command.js";
import type { EventRecord } from "../../src/core/model/event.js";
import type { EnvironmentState } from "../../src/core/model/state.js";
import type { Gate } from "../../src/core/progression/step.js";
import { Driver, type StepResult } from "../../src/engine/driver.js";
import { understand } from "../../src/engine/known-events.js";
import { MemoryDisk, MemoryLedger } from "../../src/ledger/memory.js";
import type { SignalProvider } from "../../src/ports/signal-provider.js";
import { type ModelOptions, ModelTarget } from "../../src/targets/model/target.js";
import { UnreliableTarget } from "../../src/targets/model/unreliable.js";
import { Life, mortalLedger, mortalSeries, mortalTarget } from "./mortal.js";
import { MemorySeries } from "./series.js";
import { behaviourOf } from "./system.js";

export const KEY = "shop/production";

/** A fact together with the states around it. */
export interface Fact {
  readonly record: EventRecord;
  readonly before: EnvironmentState;
  readonly after: EnvironmentState;
}

/** One environment, its real engine, a model target and a virtual clock. Everything that happens is a fact. */
export class World {
  now = 1_000_000;
  wallOffset = 0;
  gates: readonly Gate[] = [];
  /** Chance of death at each passage of a port, 0..1. */
  deadly = 0;
  deaths = 0;
  /** The engine dies at this passage of a port, counted from the start of the world. */
  diesAt: number | null = null;
  passages = 0;
  readonly disk = new MemoryDisk();
  readonly model: ModelTarget;
  readonly line: UnreliableTarget;
  /** What the ledger's records add up to, kept beside the engine. */
  mirror: EnvironmentState = emptyEnvironment(KEY);
  driver!: Driver;
  #life!: Life;
  readonly series = new MemorySeries();
  /** Signals that others count; null: nobody asks for them. */
  provider: SignalProvider | null = null;
  /** What engines had to say, one line each. */
  readonly said: string[] = [];
  #keys = 0;

  constructor(
    private readonly random: () => number,
    options: ModelOptions = {},
  ) {
    this.model = new ModelTarget(() => this.now, { behaviourOf, requestsPerSecond: 50, ...options });
    this.line = new UnreliableTarget(this.model, random);
  }

  /** A new process of the engine: all that it knows is the ledger. */
  async start(): Promise<void> {
    const ledger = new MemoryLedger(this.disk, () => this.now);
    const lease = await ledger.acquire("engine", 1_000_000_000);
    const life = new Life(() => {
      this.passages += 1;
      return this.passages === this.diesAt || (this.deadly > 0 && this.random() < this.deadly);
    });
    const target = mortalTarget(this.line, life);
    this.#life = life;
    this.driver = new Driver(KEY, {
      ledger: mortalLedger(ledger, life),
      target,
      signals: target,
      series: mortalSeries(this.series, life),
      ...(this.provider !== null && { provider: this.provider }),
      log: (_level, message) => this.said.push(message),
      clock: { now: () => this.now, wall: () => this.now + this.wallOffset },
      term: lease.term,
      gates: () => this.gates,
    });
    await this.driver.load();
    this.#ledger = ledger;
  }
  #ledger: MemoryLedger | null = null;

  /** One step of the engine. Null: it died, and a new one has started. */
  async step(): Promise<{
    readonly result: StepResult | null;
    readonly facts: readonly Fact[];
    readonly driver: Driver;
  }> {
    const { driver } = this;
    const result = await this.#survive(() => driver.step());
    if (result?.decided === 0) this.#checkQuiet();
    return { result, facts: this.#newFacts(), driver };
  }

  async command(command: Command, key?: string, expected: number | null = null): Promise<CommandOutcome | null> {
    this.#keys += 1;
    const envelope = { command, key: key ?? `k${this.#keys}`, expected, by: "user:ada" };
    return this.#survive(() => this.driver.command(envelope));
  }

  facts(): readonly Fact[] {
    return this.#newFacts();
  }

  /** A step that decided nothing, also one that did not even ask, would have decided nothing. */
  #checkQuiet(): void {
    const { state, observation, seenSince, judgements, waiting } = this.driver;
    const { now, gates } = this;
    const decision = decide(state, { now, observation, seenSince, judgements, gates });
    if (decision.events.length === 0 && decision.waiting?.sentence === waiting?.sentence) return;
    throw new Error(`a step was too quiet: ${JSON.stringify({ decision, waiting })}`);
  }

  async #survive<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      const answer = await work();
      if (this.#life.alive) return answer;
    } catch (error) {
      if (this.#life.alive) throw error;
    }
    this.deaths += 1;
    this.driver.close();
    this.#ledger?.crash();
    await this.start();
    return null;
  }

  #newFacts(): readonly Fact[] {
    const facts: Fact[] = [];
    for (const record of this.disk.records.slice(this.mirror.version)) {
      const before = this.mirror;
      this.mirror = evolve(before, understand(record), record);
      facts.push({ record, before, after: this.mirror });
    }
    return facts;
  }
}

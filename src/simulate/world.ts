import type { Command } from "../core/model/command.js";
import type { EnvironmentState } from "../core/model/state.js";
import { Driver } from "../engine/driver.js";
import { understand } from "../engine/known-events.js";
import { WindlassError } from "../error.js";
import { MemoryDisk, MemoryLedger } from "../ledger/memory.js";
import type { CompiledEnvironment } from "../spec/compiled.js";
import { WELL } from "../targets/model/behaviour.js";
import { ModelTarget } from "../targets/model/target.js";
import { releaseOf } from "./part.js";
import type { Requests } from "./requests.js";
import { RehearsedSeries } from "./series.js";
import type { Fact } from "./stage.js";
import { RehearsedTraffic } from "./traffic.js";

const KEY = "rehearsal/rehearsal";
const BEGIN = 1_700_000_000_000;
/** Steps of the engine within a second; more would be a loop in the core, and it ends that itself. */
const MAX_STEPS = 50;
/** As the engine does after a step that changed something. */
const NEXT_STEP_MS = 20;
/** Between deployments; a source keeps ten minutes for who comes late. */
const RESTING_STEP_MS = 60_000;
/** One object for all groups: what is the same is not looked at again. */
const WARMING = { ...WELL, readyAfterMs: 900 };

/** One service in an environment of its own: the engine as it is, a model target, memory for disks, a clock that jumps. */
export class RehearsedWorld {
  /** Engine milliseconds of the last whole second. */
  second = BEGIN;
  #now = BEGIN;
  readonly #disk = new MemoryDisk();
  readonly #series = new RehearsedSeries();
  readonly #traffic: RehearsedTraffic;
  readonly #model: ModelTarget;
  #driver!: Driver;
  #commands = 0;

  private constructor(
    private readonly environment: CompiledEnvironment,
    private readonly service: string,
    requests: Requests,
  ) {
    this.#traffic = new RehearsedTraffic(requests, "new");
    this.#model = new ModelTarget(() => this.#now, { behaviourOf: () => WARMING, traffic: this.#traffic.draw });
  }

  static async open(environment: CompiledEnvironment, service: string, requests: Requests): Promise<RehearsedWorld> {
    const world = new RehearsedWorld(environment, service, requests);
    const ledger = new MemoryLedger(world.#disk, () => world.#now);
    const lease = await ledger.acquire("rehearsal", Number.MAX_SAFE_INTEGER);
    world.#driver = new Driver(KEY, {
      ledger,
      target: world.#model,
      signals: world.#model,
      series: world.#series,
      clock: { now: () => world.#now, wall: () => world.#now },
      term: lease.term,
      gates: () => [],
      // Nothing dies here that would have to go on.
      checkpointMs: Number.POSITIVE_INFINITY,
    });
    await world.#driver.load();
    return world;
  }

  get now(): number {
    return this.#now;
  }

  get elapsedMs(): number {
    return this.second - BEGIN;
  }

  get state(): EnvironmentState {
    return this.#driver.state;
  }

  get events(): number {
    return this.#disk.records.length;
  }

  /** What engines left to go on from. */
  get states(): ReadonlyMap<string, unknown> {
    return this.#series.states;
  }

  factsSince(events: number): readonly Fact[] {
    return this.#disk.records.slice(events).map((record) => ({ at: record.at, event: understand(record) }));
  }

  async deploy(label: "current" | "new", fast: boolean): Promise<void> {
    this.#commands += 1;
    const release = releaseOf(label, this.service);
    const command: Command = { kind: "deploy", release, environment: this.environment, reason: null, fast };
    const envelope = { command, key: `rehearsal-${this.#commands}`, expected: null, by: "rehearsal" };
    const outcome = await this.#driver.command(envelope);
    if (outcome.kind !== "accepted") throw this.bug(`${label} was refused: ${outcome.refusal.message}`);
    await this.#step();
  }

  async nextSecond(): Promise<void> {
    this.second += 1000;
    this.#now = this.second;
    await this.#step();
  }

  /** Nobody deploys, and the engine looks often enough to miss nothing. */
  async passTime(ms: number): Promise<void> {
    for (const end = this.second + ms; this.second < end; ) {
      this.second = Math.min(end, this.second + RESTING_STEP_MS);
      this.#now = this.second;
      await this.#step();
    }
  }

  /** The same, as an engine knows it that was told what another one had learned. */
  skipTime(ms: number, states: ReadonlyMap<string, unknown>): void {
    this.second += ms;
    this.#now = this.second;
    this.#traffic.skip(this.second);
    this.#series.restore(states);
  }

  bug(sentence: string): WindlassError {
    return new WindlassError("simulate-bug", `the rehearsal of ${this.service} went wrong: ${sentence}`, {
      hint: "this is a bug in Windlass",
    });
  }

  /** Until nothing is left to do in this second. */
  async #step(): Promise<void> {
    for (let step = 0; step < MAX_STEPS; step++) {
      const { decided, applied } = await this.#driver.step();
      const { targetProblem } = this.#driver;
      if (targetProblem !== null) throw this.bug(targetProblem);
      if (decided === 0 && !applied) return;
      this.#now = Math.min(this.#now + NEXT_STEP_MS, this.second + 999);
    }
  }
}

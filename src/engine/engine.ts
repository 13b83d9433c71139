import type { CommandOutcome } from "../core/deployment/outcome.js";
import type { CommandEnvelope } from "../core/model/command.js";
import type { EventRecord } from "../core/model/event.js";
import type { EnvironmentKey } from "../core/model/intent.js";
import { WindlassError } from "../error.js";
import { Driver, type DriverPorts, type StepResult } from "./driver.js";
import type { EngineLog } from "./log.js";
import { CADENCE, type Cadence, pauseAfter, shared } from "./schedule.js";

/** The stream of what concerns the whole installation. */
export const SYSTEM_STREAM = "windlass";

export type { EngineLog } from "./log.js";

interface Seat {
  readonly driver: Driver;
  timer: NodeJS.Timeout | null;
  running: boolean;
  again: boolean;
  failures: number;
  /** A deployment is in progress, or waits. */
  active: boolean;
}

/** Drives every environment of a ledger, each on its own cadence. */
export class Engine {
  #seats = new Map<EnvironmentKey, Seat>();
  #watchers = new Set<(environment: EnvironmentKey) => void>();
  #stopped = false;
  /** How many seats are active. */
  #active = 0;

  constructor(
    private readonly ports: DriverPorts,
    private readonly log: EngineLog,
    private readonly onFatal: (error: unknown) => void,
    private readonly cadence: Cadence = CADENCE,
  ) {}

  /** Recovery: every environment from its stream. Rejects with `ledger-unknown-event` before anything is driven. */
  async load(): Promise<void> {
    for (const { stream } of await this.ports.ledger.streams())
      if (stream !== SYSTEM_STREAM) await this.#seat(stream).driver.load();
  }

  start(): void {
    for (const key of this.#seats.keys()) this.kick(key);
  }

  drivers(): readonly Driver[] {
    return [...this.#seats.values()].map((seat) => seat.driver);
  }

  driver(key: EnvironmentKey): Driver | null {
    return this.#seats.get(key)?.driver ?? null;
  }

  async command(key: EnvironmentKey, envelope: CommandEnvelope): Promise<CommandOutcome> {
    if (this.#stopped) throw new WindlassError("control-plane-stopping", "the control plane stops", { retry: "safe" });
    const known = this.#seats.get(key);
    if (known === undefined && envelope.command.kind !== "deploy")
      throw new WindlassError("environment-unknown", `nothing was ever deployed to ${key}`, {
        hint: "`windlass deploy` makes it",
      });
    const seat = known ?? this.#seat(key);
    const outcome = await seat.driver.command(envelope);
    if (outcome.kind === "refused" && seat.driver.state.version === 0) this.#seats.delete(key);
    else this.kick(key);
    return outcome;
  }

  /** Steps the environment at once. */
  kick(key: EnvironmentKey): void {
    const seat = this.#seats.get(key);
    if (seat === undefined || this.#stopped) return;
    if (seat.running) {
      seat.again = true;
      return;
    }
    if (seat.timer !== null) clearTimeout(seat.timer);
    seat.timer = null;
    void this.#run(seat);
  }

  /** Called after each step that changed something or looked anew. */
  watch(watcher: (environment: EnvironmentKey) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async history(key: EnvironmentKey, version: number, limit: number): Promise<readonly EventRecord[]> {
    const events: EventRecord[] = [];
    for await (const event of this.ports.ledger.read(key, version)) {
      events.push(event);
      if (events.length >= limit) break;
    }
    return events;
  }

  /** Ends the loop; a step under way finishes. */
  stop(): void {
    this.#stopped = true;
    for (const { driver, timer } of this.#seats.values()) {
      if (timer !== null) clearTimeout(timer);
      driver.close();
    }
  }

  #seat(key: EnvironmentKey): Seat {
    const driver = new Driver(key, { log: this.log, ...this.ports });
    const seat: Seat = { driver, timer: null, running: false, again: false, failures: 0, active: false };
    this.#seats.set(key, seat);
    return seat;
  }

  async #run(seat: Seat): Promise<void> {
    seat.running = true;
    let result: StepResult | null = null;
    try {
      result = await seat.driver.step();
      seat.failures = 0;
    } catch (error) {
      seat.failures++;
      this.#report(seat, error);
    } finally {
      seat.running = false;
    }
    for (const watcher of this.#watchers) watcher(seat.driver.key);
    if (this.#stopped) return;
    const { deployment, next } = seat.driver.state;
    const active = next !== null || (deployment !== null && deployment.outcome === null);
    if (active !== seat.active) this.#active += active ? 1 : -1;
    seat.active = active;
    const cadence = shared(this.cadence, this.#active);
    const pause = seat.again ? 0 : pauseAfter(result, active, seat.failures, this.ports.clock.now(), cadence);
    seat.again = false;
    seat.timer = setTimeout(() => {
      seat.timer = null;
      void this.#run(seat);
    }, pause);
  }

  #report(seat: Seat, error: unknown): void {
    const code = error instanceof WindlassError ? error.code : "bug";
    // Another engine drives this ledger now: going on would mean two of them.
    if (code === "ledger-lease-lost" || code === "target-stale-term") {
      this.onFatal(error);
      return;
    }
    if (seat.failures === 1 || seat.failures % 20 === 0)
      this.log("error", `${seat.driver.key}: ${error instanceof Error ? error.message : String(error)}`, {
        code,
        failures: seat.failures,
        ...(code === "bug" && error instanceof Error ? { stack: error.stack } : {}),
      });
  }
}

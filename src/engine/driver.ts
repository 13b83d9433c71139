import { handleCommand } from "../core/deployment/command.js";
import { type Decision, decide } from "../core/deployment/decide.js";
import { desired } from "../core/deployment/desired.js";
import { emptyEnvironment, evolve } from "../core/deployment/evolve.js";
import type { DecideInput } from "../core/deployment/input.js";
import type { CommandOutcome } from "../core/deployment/outcome.js";
import { Replay } from "../core/deployment/replay.js";
import type { Waiting } from "../core/deployment/waiting.js";
import type { CommandEnvelope } from "../core/model/command.js";
import type { NewEvent } from "../core/model/event.js";
import type { DomainEvent } from "../core/model/events.js";
import type { EnvironmentKey } from "../core/model/intent.js";
import type { Judgement } from "../core/model/judgement.js";
import type { Observation } from "../core/model/observation.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { Gate } from "../core/progression/step.js";
import { WindlassError } from "../error.js";
import type { Clock } from "../ports/clock.js";
import type { LedgerStore } from "../ports/ledger-store.js";
import type { Target } from "../ports/target.js";
import { understand } from "./known-events.js";
import { isQuiet, type Rest, restsUntil } from "./quiet.js";
import { Watching, type WatchPorts } from "./watching.js";

export interface DriverPorts extends WatchPorts {
  readonly ledger: LedgerStore;
  readonly target: Target;
  readonly clock: Clock;
  /** Of the lease; fences an engine that was replaced. */
  readonly term: number;
  /** Conditions on entering a stage, read at each step. */
  readonly gates: (state: EnvironmentState) => readonly Gate[];
}

/** How a step ended: when to look again, and whether anything happened. */
export interface StepResult {
  readonly decided: number;
  readonly applied: boolean;
  readonly wakeAt: number | null;
}

/** More decisions than any real step has; a loop in the core ends here instead of filling the disk. */
const MAX_DECISIONS = 64;

/**
 * The loop for one environment: load → observe → decide until quiet → append → act. Calls are serialised; state in
 * memory is what the ledger says, and is read anew when an append is refused.
 */
export class Driver {
  #state: EnvironmentState;
  #observation: Observation | null = null;
  #seenSince = 0;
  #waiting: Waiting | null = null;
  #targetProblem: string | null = null;
  readonly #watching: Watching;
  #rest: Rest | null = null;
  /** The last intent that the target accepted; it is told again until it says so itself. */
  #accepted = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #stale = true;

  constructor(
    readonly key: EnvironmentKey,
    private readonly ports: DriverPorts,
  ) {
    this.#state = emptyEnvironment(key);
    this.#watching = new Watching(key, ports);
  }

  get state(): EnvironmentState {
    return this.#state;
  }
  get observation(): Observation | null {
    return this.#observation;
  }
  get judgements(): Readonly<Record<string, Judgement>> {
    return this.#watching.judgements;
  }
  get waiting(): Waiting | null {
    return this.#waiting;
  }
  get targetProblem(): string | null {
    return this.#targetProblem;
  }
  /** Engine time since which the target has answered without a gap. */
  get seenSince(): number {
    return this.#seenSince;
  }
  /** Why the target's counts cannot be read; null: they can. */
  get signalProblem(): string | null {
    return this.#watching.problem;
  }

  /** Reads the stream from where this driver is. */
  load(): Promise<void> {
    return this.#serial(() => this.#reload());
  }

  command(envelope: CommandEnvelope): Promise<CommandOutcome> {
    return this.#serial(async () => {
      if (this.#stale) await this.#reload();
      const outcome = handleCommand(this.#state, envelope);
      if (outcome.kind === "accepted" && outcome.events.length > 0)
        await this.#append(outcome.events, envelope.by, envelope.key);
      return outcome;
    });
  }

  /** Appends facts that no decision made. */
  record(events: readonly DomainEvent[], by: string): Promise<void> {
    return this.#serial(async () => {
      if (this.#stale) await this.#reload();
      await this.#append(events, by, null);
    });
  }

  step(): Promise<StepResult> {
    return this.#serial(() => this.#step());
  }

  /** Ends what goes on in the background of its steps. */
  close(): void {
    this.#watching.close();
  }

  async #step(): Promise<StepResult> {
    if (this.#stale) await this.#reload();
    await this.#observe();
    const now = this.ports.clock.now();
    const swung = await this.#watching.look(this.#state, now);
    const gates = this.ports.gates(this.#state);
    if (!swung && isQuiet(this.#rest, this.#state, this.#observation, gates, now)) {
      const wakeAt = this.#rest?.wakeAt ?? null;
      return { decided: 0, applied: this.#hasIntent() ? false : await this.#act(), wakeAt };
    }
    this.#rest = null;
    const input: DecideInput = {
      now,
      observation: this.#observation,
      seenSince: this.#seenSince,
      judgements: this.#watching.judgements,
      gates,
    };
    const { events, last } = this.#decideUntilQuiet(input);
    if (events.length > 0) await this.#append(events, "engine", null);
    this.#waiting = last.waiting;
    const until = restsUntil(this.#state, last.wakeAt, this.#seenSince, now);
    this.#rest = { state: this.#state, observation: this.#observation, gates, wakeAt: last.wakeAt, until };
    const applied = await this.#act();
    return { decided: events.length, applied, wakeAt: last.wakeAt };
  }

  /** Decisions are pure, so a chain of them is made in memory and becomes one durable append. */
  #decideUntilQuiet(input: DecideInput): { events: readonly DomainEvent[]; last: Decision } {
    const events: DomainEvent[] = [];
    let state = this.#state;
    for (let round = 0; round < MAX_DECISIONS; round++) {
      const decision = decide(state, input);
      if (decision.events.length === 0) return { events, last: decision };
      for (const event of decision.events) {
        state = evolve(state, event, { version: state.version + 1, at: input.now, by: "engine", key: null });
        events.push(event);
      }
    }
    throw new WindlassError("engine-loop", `${this.key}: ${MAX_DECISIONS} decisions in a row without an end`, {
      hint: "this is a bug; the environment stays as it is",
      facts: { last: events.slice(-3) },
    });
  }

  /** What the target is told when it does not have it; a function of the state, so repeating it is harmless. */
  async #act(): Promise<boolean> {
    if (this.#hasIntent()) return false;
    const { intentVersion } = this.#state;
    try {
      await this.ports.target.apply(this.key, {
        term: this.ports.term,
        revision: intentVersion,
        intent: desired(this.#state),
      });
      const isNew = this.#accepted !== intentVersion;
      this.#accepted = intentVersion;
      return isNew;
    } catch (error) {
      if (error instanceof WindlassError && error.code === "target-stale-term") throw error;
      this.#targetProblem = messageOf(error);
      return false;
    }
  }

  #hasIntent(): boolean {
    const { intentVersion } = this.#state;
    return intentVersion === 0 || this.#observation?.applied?.revision === intentVersion;
  }

  async #observe(): Promise<void> {
    try {
      const observation = await this.ports.target.observe(this.key);
      if (this.#observation === null) this.#seenSince = this.ports.clock.now();
      this.#observation = observation;
      this.#targetProblem = null;
    } catch (error) {
      this.#observation = null;
      this.#targetProblem = messageOf(error);
    }
  }

  async #append(events: readonly DomainEvent[], by: string, key: string | null): Promise<void> {
    const wall = new Date(this.ports.clock.wall()).toISOString();
    const at = this.ports.clock.now();
    const drafts: NewEvent[] = events.map(({ type, data }) => ({ type, data, at, wall, by, key }));
    try {
      const fromReserve = this.#goesBack(events);
      const stored = await this.ports.ledger.append(this.key, this.#state.version, drafts, { fromReserve });
      for (const record of stored) this.#state = evolve(this.#state, understand(record), record);
    } catch (error) {
      // Somebody else wrote, or nobody knows whether it was stored: the ledger is asked before anything is done.
      this.#stale = true;
      throw error;
    }
  }

  /** A full disk must not stop a way back: its events may use the space that is kept for them. */
  #goesBack(events: readonly DomainEvent[]): boolean {
    const { deployment } = this.#state;
    const returning = deployment !== null && deployment.outcome === null && deployment.cause !== null;
    const turns = events.some(
      (e) => e.type === "deployment.turned@1" || (e.type === "deployment.requested@1" && e.data.kind === "rollback"),
    );
    const rollback = deployment !== null && deployment.outcome === null && deployment.kind === "rollback";
    return returning || turns || rollback || this.#state.next?.kind === "rollback";
  }

  async #reload(): Promise<void> {
    const replay = new Replay(this.#state);
    for await (const record of this.ports.ledger.read(this.key, this.#state.version)) replay.add(understand(record));
    this.#state = replay.end();
    this.#stale = false;
  }

  #serial<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(work, work);
    this.#queue = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

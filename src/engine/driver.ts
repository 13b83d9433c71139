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
import type { SeriesStore } from "../ports/series-store.js";
import type { SignalSource, Target } from "../ports/target.js";
import { EvidenceWindow } from "./evidence.js";
import { judgements } from "./judge.js";
import { understand } from "./known-events.js";

export interface DriverPorts {
  readonly ledger: LedgerStore;
  readonly target: Target;
  readonly signals: SignalSource;
  readonly series: SeriesStore;
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
  #judgements: Readonly<Record<string, Judgement>> = {};
  #waiting: Waiting | null = null;
  #targetProblem: string | null = null;
  #cursor: string | null = null;
  #evidence = new Map<string, EvidenceWindow>();
  #evidenceOf: string | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #evidenceChanged = true;
  #judgedOn = "";
  #stale = true;

  constructor(
    readonly key: EnvironmentKey,
    private readonly ports: DriverPorts,
  ) {
    this.#state = emptyEnvironment(key);
  }

  get state(): EnvironmentState {
    return this.#state;
  }
  get observation(): Observation | null {
    return this.#observation;
  }
  get judgements(): Readonly<Record<string, Judgement>> {
    return this.#judgements;
  }
  get waiting(): Waiting | null {
    return this.#waiting;
  }
  get targetProblem(): string | null {
    return this.#targetProblem;
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

  async #step(): Promise<StepResult> {
    if (this.#stale) await this.#reload();
    await this.#observe();
    const now = this.ports.clock.now();
    this.#judge(now);
    const input: DecideInput = {
      now,
      observation: this.#observation,
      seenSince: this.#seenSince,
      judgements: this.#judgements,
      gates: this.ports.gates(this.#state),
    };
    const { events, last } = this.#decideUntilQuiet(input);
    if (events.length > 0) await this.#append(events, "engine", null);
    this.#waiting = last.waiting;
    const applied = await this.#act();
    return { decided: events.length, applied, wakeAt: last.wakeAt };
  }

  /** Nothing new to judge by within the same second: the verdicts stand. Thousands of environments look often. */
  #judge(now: number): void {
    const basis = `${this.#state.version} ${Math.floor(now / 1000)} ${this.#signalProblem ?? ""}`;
    if (basis === this.#judgedOn && !this.#evidenceChanged) return;
    this.#judgedOn = basis;
    this.#evidenceChanged = false;
    this.#judgements = judgements(this.#state, this.#evidence, now, this.#signalProblem);
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
    const { intentVersion } = this.#state;
    if (intentVersion === 0 || this.#observation?.applied?.revision === intentVersion) return false;
    try {
      await this.ports.target.apply(this.key, {
        term: this.ports.term,
        revision: intentVersion,
        intent: desired(this.#state),
      });
      return true;
    } catch (error) {
      if (error instanceof WindlassError && error.code === "target-stale-term") throw error;
      this.#targetProblem = messageOf(error);
      return false;
    }
  }

  #signalProblem: string | null = null;

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
    await this.#readSignals();
  }

  /** Blocks are read only while somebody decides on them. */
  async #readSignals(): Promise<void> {
    const { deployment } = this.#state;
    if (deployment === null || deployment.outcome !== null) return;
    try {
      if (this.#evidenceOf !== deployment.id) await this.#recallEvidence(deployment.id, deployment.startedAt);
      const reading = await this.ports.signals.read(this.key, this.#cursor);
      this.#cursor = reading.cursor;
      this.#signalProblem = null;
      if (reading.blocks.length === 0) return;
      this.#evidenceChanged = true;
      for (const block of reading.blocks) this.#windowOf(block.service).add([block]);
      await this.ports.series.write(this.key, reading.blocks);
    } catch (error) {
      this.#signalProblem = messageOf(error);
    }
  }

  /** After a restart the blocks of the rollout in progress come from the series store. */
  async #recallEvidence(deployment: string, from: number): Promise<void> {
    this.#evidence = new Map();
    this.#evidenceChanged = true;
    const to = this.ports.clock.now() + 1;
    for (const service of Object.keys(this.#state.services)) {
      const blocks = await this.ports.series.read({ environment: this.key, service, from, to, resolution: "second" });
      this.#windowOf(service).add(blocks);
    }
    this.#evidenceOf = deployment;
  }

  #windowOf(service: string): EvidenceWindow {
    const known = this.#evidence.get(service);
    if (known !== undefined) return known;
    const window = new EvidenceWindow();
    this.#evidence.set(service, window);
    return window;
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

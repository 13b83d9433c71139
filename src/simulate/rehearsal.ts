import type { Command } from "../core/model/command.js";
import { Driver } from "../engine/driver.js";
import { understand } from "../engine/known-events.js";
import { WindlassError } from "../error.js";
import { MemoryDisk, MemoryLedger } from "../ledger/memory.js";
import type { CompiledEnvironment, CompiledService } from "../spec/compiled.js";
import { WELL } from "../targets/model/behaviour.js";
import { ModelTarget } from "../targets/model/target.js";
import { partOf, releaseOf } from "./part.js";
import { PastHours } from "./past-hours.js";
import { seedOf } from "./random.js";
import { Requests, type TrafficOptions } from "./requests.js";
import { RehearsedSeries } from "./series.js";
import { type Fact, type StageReport, stagesFrom } from "./stage.js";
import { RehearsedTraffic } from "./traffic.js";

export interface RehearsalOptions {
  readonly environment: CompiledEnvironment;
  readonly service: string;
  readonly traffic: TrafficOptions;
  readonly seed: number;
  /** Of what came before; the same as `seed` unless given. */
  readonly historySeed?: number;
  /** How long the current release ran well before; an hour unless given. */
  readonly historyMs?: number;
  /** A rollout that takes longer is left open; two days unless given. */
  readonly longestMs?: number;
}

export interface RehearsalResult {
  /** `held`: it waits for a person, without a verdict. `open`: it takes longer than it was given. */
  readonly outcome: "succeeded" | "hauled-back" | "held" | "open";
  readonly stages: readonly StageReport[];
  /** What turned it back; `afterMs` counts from the first request to the new release, `stage` from 0. */
  readonly turned: {
    readonly stage: number;
    readonly afterMs: number;
    readonly kind: "verdict" | "too-little-data" | "other";
    readonly signals: readonly string[];
  } | null;
  /** To the new release, until none reached it any more; `harmed` are those that were bad because it is new. */
  readonly requests: number;
  readonly harmed: number;
  /** From the request to deploy to the end. */
  readonly totalMs: number;
  readonly simulatedSeconds: number;
}

const HOUR_MS = 3_600_000;
const KEY = "rehearsal/rehearsal";
/** Steps of the engine within a second; more would be a loop in the core, and it ends that itself. */
const MAX_STEPS = 50;
/** As the engine does after a step that changed something. */
const NEXT_STEP_MS = 20;
const BEGIN = 1_700_000_000_000;
/** One object for all groups: what is the same is not looked at again. */
const WARMING = { ...WELL, readyAfterMs: 900 };
/** Between deployments; a source keeps ten minutes for who comes late. */
const RESTING_STEP_MS = 60_000;
const FIRST_DEPLOYMENT_S = 600;

/**
 * One rollout of one service, told in seconds: the engine and its analysis as they are, on the model target, with a
 * ledger in memory and a clock that jumps. The same options give the same result on every machine, with `past` (what earlier
 * rehearsals of the same service and conditions left) or without.
 */
export async function rehearse(options: RehearsalOptions, past = new PastHours()): Promise<RehearsalResult> {
  const stage = await Theatre.open(options);
  const { seed, historySeed = seed, historyMs = HOUR_MS, longestMs = 48 * HOUR_MS } = options;
  await stage.settle();
  const known = past.of(historySeed);
  if (known === null) await stage.passTime(historyMs);
  else stage.skipTime(historyMs, known);
  const states = await stage.begin();
  if (known === null) past.keep(historySeed, states);
  return stage.perform(longestMs);
}

class Theatre {
  #second = BEGIN;
  #now = BEGIN;
  readonly #disk = new MemoryDisk();
  readonly #series = new RehearsedSeries();
  readonly #part: CompiledEnvironment;
  readonly #traffic: RehearsedTraffic;
  readonly #model: ModelTarget;
  #driver!: Driver;
  #commands = 0;
  #begun = { at: BEGIN, events: 0 };

  private constructor(private readonly options: RehearsalOptions) {
    const spec = options.environment.services[options.service];
    if (spec === undefined)
      throw new WindlassError("service-unknown", `${options.environment.name} has no service ${options.service}`);
    if (spec.listen === null)
      throw new WindlassError("cli-simulate-worker", `${spec.name} answers no requests: there is nothing to count`, {
        hint: "only services with a port can be rehearsed",
      });
    this.#part = partOf(options.environment, spec);
    const requests = new Requests(options.traffic, options.historySeed ?? options.seed);
    this.#traffic = new RehearsedTraffic(requests, "new");
    this.#model = new ModelTarget(() => this.#now, {
      behaviourOf: () => WARMING,
      traffic: this.#traffic.draw,
    });
  }

  static async open(options: RehearsalOptions): Promise<Theatre> {
    const theatre = new Theatre(options);
    const ledger = new MemoryLedger(theatre.#disk, () => theatre.#now);
    const lease = await ledger.acquire("rehearsal", Number.MAX_SAFE_INTEGER);
    theatre.#driver = new Driver(KEY, {
      ledger,
      target: theatre.#model,
      signals: theatre.#model,
      series: theatre.#series,
      clock: { now: () => theatre.#now, wall: () => theatre.#now },
      term: lease.term,
      gates: () => [],
      // Nothing dies here that would have to go on.
      checkpointMs: Number.POSITIVE_INFINITY,
    });
    await theatre.#driver.load();
    return theatre;
  }

  /** The current release, at once. */
  async settle(): Promise<void> {
    await this.#deploy("current", true);
    for (let second = 0; this.#driver.state.deployment?.outcome == null; second++) {
      if (second > FIRST_DEPLOYMENT_S) throw this.#bug("the current release did not settle");
      await this.#nextSecond();
    }
    if (this.#driver.state.deployment.outcome !== "succeeded") throw this.#bug("the current release did not run");
  }

  /** The current release runs well, and the engine looks often enough to miss nothing. */
  async passTime(ms: number): Promise<void> {
    for (const end = this.#second + ms; this.#second < end; ) {
      this.#second = Math.min(end, this.#second + RESTING_STEP_MS);
      this.#now = this.#second;
      await this.#step();
    }
  }

  /** The same, as an engine knows it that was told. */
  skipTime(ms: number, states: ReadonlyMap<string, unknown>): void {
    this.#second += ms;
    this.#now = this.#second;
    this.#traffic.skip(this.#second);
    this.#series.restore(states);
  }

  /** Asks for the new release. What the engine knows by then, it has learned before. */
  async begin(): Promise<ReadonlyMap<string, unknown>> {
    this.#begun = { at: this.#second, events: this.#disk.records.length };
    await this.#deploy("new", false);
    await this.#step();
    this.#traffic.requests.begin(seedOf(this.options.seed, 1));
    return this.#series.states;
  }

  /** The new release, until it succeeded, no request reaches it any more, or a person is needed. */
  async perform(longestMs: number): Promise<RehearsalResult> {
    const { at: begun, events: from } = this.#begun;
    let outcome: RehearsalResult["outcome"] | null = null;
    while (outcome === null) {
      await this.#nextSecond();
      outcome = this.#outcome() ?? (this.#second - begun > longestMs ? "open" : null);
    }
    const facts = this.#disk.records.slice(from).map((record): Fact => ({ at: record.at, event: understand(record) }));
    const stages = stagesFrom(facts, this.#service.name, this.#now, outcome === "held");
    return {
      outcome,
      stages,
      turned: turnedIn(facts, stages),
      requests: this.#traffic.requests.answered,
      harmed: this.#traffic.requests.harmed,
      totalMs: this.#second - begun,
      simulatedSeconds: (this.#second - BEGIN) / 1000,
    };
  }

  get #service(): CompiledService {
    return this.#part.services[this.options.service] as CompiledService;
  }

  #outcome(): RehearsalResult["outcome"] | null {
    const { deployment, services } = this.#driver.state;
    if (deployment !== null && deployment.outcome !== null)
      return deployment.outcome === "succeeded" ? "succeeded" : "hauled-back";
    const progression = services[this.options.service]?.rollout?.progression;
    const stage = progression?.stages[progression.stage];
    if (progression === undefined || stage === undefined || progression.observingSince === null) return null;
    if (this.#service.onTooLittleData !== "hold" || deployment?.cause != null) return null;
    const over = progression.observingSince + Math.max(stage.minMs, stage.maxMs);
    return this.#now > over + 1000 ? "held" : null;
  }

  async #deploy(label: "current" | "new", fast: boolean): Promise<void> {
    this.#commands += 1;
    const release = releaseOf(label, this.#service.name);
    const command: Command = { kind: "deploy", release, environment: this.#part, reason: null, fast };
    const envelope = { command, key: `rehearsal-${this.#commands}`, expected: null, by: "rehearsal" };
    const outcome = await this.#driver.command(envelope);
    if (outcome.kind !== "accepted") throw this.#bug(`${label} was refused: ${outcome.refusal.message}`);
  }

  async #nextSecond(): Promise<void> {
    this.#second += 1000;
    this.#now = this.#second;
    await this.#step();
  }

  /** Until nothing is left to do in this second. */
  async #step(): Promise<void> {
    for (let step = 0; step < MAX_STEPS; step++) {
      const { decided, applied } = await this.#driver.step();
      const { targetProblem } = this.#driver;
      if (targetProblem !== null) throw this.#bug(targetProblem);
      if (decided === 0 && !applied) return;
      this.#now = Math.min(this.#now + NEXT_STEP_MS, this.#second + 999);
    }
  }

  #bug(sentence: string): WindlassError {
    return new WindlassError("simulate-bug", `the rehearsal of ${this.options.service} went wrong: ${sentence}`, {
      hint: "this is a bug in Windlass",
    });
  }
}

function turnedIn(facts: readonly Fact[], stages: readonly StageReport[]): RehearsalResult["turned"] {
  let to: string | null = null;
  let since: number | null = null;
  for (const { at, event } of facts) {
    if (event.type === "deployment.started@1") to = event.data.steps[0]?.to ?? null;
    if (event.type === "rollout.shaped@1" && (event.data.weights[to ?? ""] ?? 0) > 0) since ??= at;
    if (event.type !== "deployment.turned@1") continue;
    const { kind, judgement } = event.data.cause;
    return {
      stage: Math.max(0, stages.length - 1),
      afterMs: at - (since ?? at),
      kind: kind === "verdict" || kind === "too-little-data" ? kind : "other",
      signals: judgement?.signals.filter(({ verdict }) => verdict === "fail").map(({ signal }) => signal) ?? [],
    };
  }
  return null;
}

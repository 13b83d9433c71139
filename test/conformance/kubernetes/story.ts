import type { CommandOutcome } from "../../../src/core/deployment/outcome.js";
import type { Command } from "../../../src/core/model/command.js";
import type { DomainEvent } from "../../../src/core/model/events.js";
import type { Observation } from "../../../src/core/model/observation.js";
import type { EnvironmentState } from "../../../src/core/model/state.js";
import type { Driver } from "../../../src/engine/driver.js";
import { Engine } from "../../../src/engine/engine.js";
import { understand } from "../../../src/engine/known-events.js";
import { MemoryDisk, MemoryLedger } from "../../../src/ledger/memory.js";
import type { CompiledEnvironment } from "../../../src/spec/compiled.js";
import { eventually } from "../../scenario/lab/eventually.js";
import { MemorySeries } from "../../simulation/series.js";
import { release } from "../../simulation/system.js";
import type { Cluster } from "./rig/cluster.js";
import { accountOn } from "./rights.js";
import { type ClusterWorld, namespaceOf, type TargetOptions, targetOn } from "./world.js";

/** What can be seen of an environment at one moment. */
export interface Sight {
  readonly state: EnvironmentState;
  readonly observation: Observation | null;
  readonly problem: string | null;
  /** What it waits for, in a sentence. */
  readonly waiting: string;
}

/** A control plane: the real engine and the real target. All that a later one knows of it is the ledger. */
interface Plane {
  readonly engine: Engine;
  readonly ledger: MemoryLedger;
  readonly world: ClusterWorld;
  readonly term: number;
}

/** It says only that a story hangs. */
const PATIENCE_MS = 120_000;
/** A namespace has room for so much beside the application's name. */
const LONGEST_NAME = 58;
const begun = new WeakMap<Cluster, Map<string, number>>();

/** The name, or one with a number where a story that is tried once more has left something behind under it. */
function unused(cluster: Cluster, name: string): string {
  const counts = begun.get(cluster) ?? new Map<string, number>();
  begun.set(cluster, counts);
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  const suffix = `-${count}`;
  return count === 1 ? name : name.slice(0, LONGEST_NAME - suffix.length) + suffix;
}

const clock = { now: () => performance.now(), wall: () => Date.now() };

/** One environment on a cluster of the rig, driven by a control plane in this process. */
export class Story {
  readonly disk = new MemoryDisk();
  readonly key: string;
  readonly namespace: string;
  readonly reports: string[] = [];
  /** What made an engine give up: another one drives. */
  readonly fatal: unknown[] = [];
  #plane: Plane | null = null;
  #commands = 0;

  private constructor(
    readonly cluster: Cluster,
    name: string,
    private options: TargetOptions,
  ) {
    this.key = `shop/${name}`;
    this.namespace = namespaceOf(this.key);
  }

  static async begin(cluster: Cluster, name: string, options: TargetOptions = {}): Promise<Story> {
    const kubeconfig = options.kubeconfig ?? (await accountOn(cluster));
    const story = new Story(cluster, unused(cluster, name), { ...options, kubeconfig });
    await story.start();
    return story;
  }

  /** A control plane that has just been started, with the next term. */
  async start(options: TargetOptions = this.options): Promise<void> {
    const { kubeconfig } = this.options;
    this.options = { ...(kubeconfig !== undefined && { kubeconfig }), ...options };
    const ledger = new MemoryLedger(this.disk);
    const { term } = await ledger.acquire(`control-plane-${this.disk.term + 1}`, 86_400_000);
    const world = targetOn(this.cluster, this.options);
    const engine = new Engine(
      {
        ledger,
        term,
        clock,
        target: world.target,
        signals: world.target,
        series: new MemorySeries(),
        gates: () => [],
      },
      (level, message) => this.reports.push(`${level}: ${message}`),
      (error) => this.fatal.push(error),
    );
    this.#plane = { engine, ledger, world, term };
    await engine.load();
    engine.start();
  }

  get plane(): Plane {
    if (this.#plane === null) throw new Error("no control plane runs");
    return this.#plane;
  }

  get driver(): Driver {
    const driver = this.plane.engine.driver(this.key);
    if (driver === null) throw new Error("nothing was deployed yet");
    return driver;
  }

  get state(): EnvironmentState {
    return this.driver.state;
  }

  get target(): ClusterWorld["target"] {
    return this.plane.world.target;
  }

  sight(): Sight {
    const { state, observation, targetProblem, waiting } = this.driver;
    return { state, observation, problem: targetProblem, waiting: waiting?.sentence ?? "" };
  }

  async ask(command: Command): Promise<CommandOutcome> {
    this.#commands += 1;
    const envelope = { command, key: `k${this.#commands}`, expected: null, by: "user:ada" };
    return this.plane.engine.command(this.key, envelope);
  }

  /** Asks for a revision; throws when that is refused. */
  async deploy(label: string, system: CompiledEnvironment, fast = false): Promise<void> {
    const kubernetes = this.plane.world.settings(this.key);
    const environment = { ...system, name: this.key.slice("shop/".length), kubernetes };
    const outcome = await this.ask({ kind: "deploy", release: release(label), environment, reason: null, fast });
    if (outcome.kind !== "accepted") throw new Error(`${label} was refused: ${JSON.stringify(outcome)}`);
  }

  until<T>(what: string, look: (sight: Sight) => T | null | undefined | false, patienceMs = PATIENCE_MS): Promise<T> {
    return eventually(
      what,
      () => look(this.sight()),
      () => this.told(),
      patienceMs,
    );
  }

  /** Until nothing is in progress; says how the last deployment ended. */
  async over(patienceMs = PATIENCE_MS): Promise<NonNullable<EnvironmentState["deployment"]>> {
    return this.until(
      "the deployment is over",
      ({ state: { deployment, next } }) => next === null && deployment?.outcome != null && deployment,
      patienceMs,
    );
  }

  async deployed(label: string, system: CompiledEnvironment): Promise<void> {
    await this.deploy(label, system);
    const { outcome, cause } = await this.over();
    if (outcome !== "succeeded") throw new Error(`${label} ended as ${outcome}: ${cause?.sentence}`);
  }

  /** Until the new group of a service has this share in force. */
  atShare(group: string, share: number, service = "web"): Promise<unknown> {
    return this.until(`${group} has ${share} %`, ({ observation, state }) => {
      const seen = observation?.services[service]?.weights?.[group] ?? 0;
      const rollout = state.services[service]?.rollout;
      return seen === share && (share === 100 || rollout?.progression.observingSince != null);
    });
  }

  events(): readonly DomainEvent[] {
    return this.disk.records.filter(({ stream }) => stream === this.key).map(understand);
  }

  types(): readonly string[] {
    return this.events().map(({ type }) => type);
  }

  /** What is worth reading when a story hangs. */
  told(): unknown {
    const { state, observation, problem, waiting } = this.sight();
    return {
      problem,
      waiting,
      deployment: state.deployment,
      services: state.services,
      seen: observation?.services,
      applied: observation?.applied,
      intentVersion: state.intentVersion,
      reports: [...this.reports, ...this.plane.world.reports].slice(-10),
      fatal: this.fatal.map(String),
      controllers: this.cluster.program("kube-controller-manager").tail(40).split("\n"),
    };
  }

  /** The control plane is gone from one moment to the next: nothing of it is heard any more. */
  kill(): Plane {
    const dead = this.plane;
    dead.ledger.crash();
    dead.engine.stop();
    this.#plane = null;
    return dead;
  }

  async end(): Promise<void> {
    const last = this.#plane;
    if (last === null) return;
    this.#plane = null;
    last.engine.stop();
    await last.world.target.close();
  }
}

import { inspectContainer, killContainer, stopContainer } from "../../../docker/containers.js";
import { WindlassError } from "../../../error.js";
import { crashLoops, decide } from "../supervisor/decide.js";
import { messageOf } from "../supervisor/message.js";
import type { ReplicaOutput } from "../supervisor/output.js";
import type { ProbeAnswer } from "../supervisor/probing.js";
import type { Enforcement, ReplicaRunner, Usage } from "../supervisor/replica-runner.js";
import type { ProbeKind, ReplicaEffect, ReplicaEvent, ReplicaState } from "../supervisor/replica-state.js";
import { mayPass } from "./bring-up.js";
import { type Changes, changes, type Known } from "./changes.js";
import { isAway } from "./connection.js";
import { exitOf } from "./exit.js";
import { millisecondsBetween } from "./nanoseconds.js";
import { commandIn, lookAt } from "./probing.js";
import { Removal } from "./removal.js";
import { type ContainerSeen, seenOf } from "./seen.js";
import { type ContainerPreparation, type Placed, startContainerOf, type Workshop } from "./start.js";
import { UsageMeter } from "./usage.js";

export interface ContainerRunnerOptions extends Workshop {
  readonly placed: Placed;
  readonly output: ReplicaOutput;
  readonly prepare: (state: ReplicaState) => Promise<ContainerPreparation>;
  readonly now: () => number;
  readonly changed: (state: ReplicaState) => void;
  readonly restarting: () => void;
  /** Its container has ended, and the Engine cannot take it away. */
  readonly leaveBehind: (id: string) => void;
  readonly report: (message: string, error?: unknown) => void;
}

/** So often an error of the Engine's own stands before it is the container's: one that is shut down refuses for a moment. */
const STARTS = 10;

/**
 * Carries out what `decide` says for one container. A container that ends by itself is started again by the Engine,
 * whether this daemon is there or not; this only sees it happen.
 */
export class ContainerRunner implements ReplicaRunner {
  private readonly meter: UsageMeter;
  private ownProblem: string | null = null;
  private seen: ContainerSeen | null = null;
  private looking = false;
  private lookAgain = false;
  /** What the Engine has still to be told, because it was away. */
  private owed: "terminate" | "kill" | null = null;
  private readonly removal: Removal;
  private startsRefused = 0;

  constructor(
    private current: ReplicaState,
    /** Of an earlier daemon; null: nothing is known. */
    private told: Known | null,
    private readonly options: ContainerRunnerOptions,
  ) {
    this.meter = new UsageMeter(options.connection, options.now);
    const { connection, now, leaveBehind, changed, report } = options;
    this.removal = new Removal({
      connection,
      now,
      leaveBehind,
      done: () => changed(this.state),
      failed: (error) => report(`the container ${this.name} could not be removed`, error),
    });
  }

  /** A replica is not gone as long as its container is there. */
  get state(): ReplicaState {
    const { current } = this;
    return current.phase === "gone" && !this.removal.isDone ? { ...current, phase: "stopping" } : current;
  }

  get crashLoop(): boolean {
    return crashLoops(this.current);
  }

  get problem(): string | null {
    return this.options.connection.problem ?? this.ownProblem;
  }

  get known(): Known | null {
    return this.told;
  }

  get name(): string {
    return this.options.placed.name;
  }

  get usage(): Usage | null {
    return this.current.process === null ? null : this.meter.usage;
  }

  get enforcement(): Enforcement {
    const { memoryBytes, cpu } = this.options.placed;
    return { memory: memoryBytes === null ? null : "Docker", cpu: cpu === null ? null : "Docker" };
  }

  send(event: ReplicaEvent): void {
    const before = this.current;
    const { state, effects } = decide(before, event, this.options.now());
    this.current = state;
    if (state !== before) this.options.changed(this.state);
    for (const effect of effects) this.carryOut(effect);
    if (state.phase === "gone" && !this.removal.begun) this.remove();
  }

  tick(): void {
    const { connection } = this.options;
    if (this.removal.isDue) this.remove();
    if (this.owed !== null && connection.reachable) this.payBack(this.owed);
    // While nobody can be told to end, time that passes is no reason for harder means.
    if (this.current.phase === "stopping" && !connection.reachable) return;
    // The Engine waits before it starts it again; to start it now would be to be faster than its own back-off.
    if (this.current.phase === "backoff" && this.seen?.restarting === true) return;
    this.send({ kind: "tick" });
  }

  /** Once a second. */
  sample(): void {
    const { told } = this;
    if (told === null || this.current.process === null) return;
    this.background("its usage", this.meter.read(told.id));
  }

  /** Something may have happened to the container. */
  look(): void {
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    // What a start brings up it tells itself.
    if (this.told === null || this.current.launching || this.current.phase === "gone") return;
    this.looking = true;
    const done = this.lookOnce(this.told).finally(() => {
      this.looking = false;
      if (!this.lookAgain) return;
      this.lookAgain = false;
      this.look();
    });
    this.background("a look at it", done);
  }

  async run(argv: readonly string[], extra: Readonly<Record<string, string>>, timeoutMs: number): Promise<ProbeAnswer> {
    const { told } = this;
    if (told === null) throw new WindlassError("host-waits", "its container is not there yet");
    return this.options.connection.use((engine) => commandIn(engine, told.id, argv, extra, timeoutMs));
  }

  private carryOut(effect: ReplicaEffect): void {
    switch (effect.kind) {
      case "launch":
        this.background("its start", this.start());
        return;
      case "probe":
        this.background("its probe", this.probe(effect.probe));
        return;
      case "terminate":
      case "kill":
        this.background("its end", this.end(effect.kind));
        return;
      case "sweep":
        return;
      case "restarting": {
        const { lastExit, restarts } = this.current;
        this.options.output.note(`${lastExit?.message ?? "it ended"}; start ${restarts + 1} follows`);
        this.options.restarting();
        return;
      }
    }
  }

  private async start(): Promise<void> {
    const { connection, prepare, placed } = this.options;
    try {
      if (!connection.reachable) return this.send({ kind: "waits", for: "the Docker Engine" });
      const seen = await startContainerOf(this.options, placed, this.current, prepare);
      if ("waitsFor" in seen) return this.send({ kind: "waits", for: seen.waitsFor });
      this.ownProblem = null;
      this.startsRefused = 0;
      // Ends of a container that was there already, and that nobody saw, are told now.
      if (this.told?.id !== seen.id) this.told = { id: seen.id, run: null, restarts: 0 };
      await this.take(seen);
      if (this.current.launching) this.send({ kind: "launch-failed", message: seen.error || "it ended at once" });
    } catch (error) {
      if (isAway(error)) return this.send({ kind: "waits", for: "the Docker Engine" });
      if (isBusy(error)) return this.send({ kind: "waits", for: "its last container to be removed" });
      if (mayPass(error) && ++this.startsRefused < STARTS) return this.send({ kind: "waits", for: error.message });
      this.startsRefused = 0;
      this.ownProblem = messageOf(error);
      this.send({ kind: "launch-failed", message: this.ownProblem });
    }
  }

  private async lookOnce(told: Known): Promise<void> {
    const container = await this.options.connection.use((engine) => inspectContainer(engine, told.id));
    // Meanwhile it may have been started anew, or removed.
    if (this.told?.id !== told.id || this.current.launching || this.current.phase === "gone") return;
    await this.take(container === null ? null : seenOf(container));
  }

  /** Tells what is new. */
  private async take(seen: ContainerSeen | null): Promise<void> {
    const { told } = this;
    if (told === null) return;
    const what = changes(told, seen);
    this.seen = seen;
    this.told = what.known;
    await this.tell(what, seen);
  }

  private async tell({ known, ends, began }: Changes, seen: ContainerSeen | null): Promise<void> {
    const { connection, report } = this.options;
    // An end that was asked for is no riddle.
    const asked = this.current.leaving || this.current.dying !== null;
    for (const end of ends) {
      const exit = await exitOf(connection, known.id, end, report);
      const limit = exit.outOfMemory ? { because: this.memoryMessage } : {};
      this.send({ kind: "exited", exit: asked ? { ...exit, known: true } : { ...exit, ...limit } });
    }
    if (seen === null || began === null) return;
    const process = { pid: seen.pid, startTime: began };
    const ranMs = millisecondsBetween(began, new Date().toISOString());
    this.send({ kind: "launched", process, port: seen.port, ranMs });
  }

  private get memoryMessage(): string {
    const { memoryBytes } = this.options.placed;
    if (memoryBytes === null) return "the kernel ended a process of it: the machine had no memory left";
    return `the kernel ended a process of it; its limit is ${Math.round(memoryBytes / 1024 / 1024)} MiB`;
  }

  private async end(how: "terminate" | "kill"): Promise<void> {
    const { told } = this;
    if (told === null) return;
    const { connection } = this.options;
    const { stopGraceMs } = this.current.plan;
    try {
      if (how === "kill") await connection.use((engine) => killContainer(engine, told.id));
      else await connection.use((engine) => stopContainer(engine, told.id, stopGraceMs));
      this.look();
    } catch (error) {
      if (!isAway(error)) throw error;
      this.owed ??= how;
    }
  }

  private payBack(owed: "terminate" | "kill"): void {
    this.owed = null;
    if (this.current.phase !== "stopping") return;
    // Its grace begins when it hears of it.
    this.current = { ...this.current, deadline: this.options.now() + this.current.plan.stopGraceMs };
    this.background("its end", this.end(owed));
  }

  private async probe(kind: ProbeKind): Promise<void> {
    const probe = this.current.plan.probes[kind];
    const asked = this.current.process;
    if (probe === null || asked === null || this.told === null) return;
    const { connection } = this.options;
    const answer = await lookAt(connection, probe, this.told.id, this.seen, this.current.port);
    // The answer of a run that is over says nothing about its successor.
    if (this.current.process !== asked) return;
    // Without the Engine its published ports are gone, too: what cannot be reached need not be ill.
    const silent = answer === null || (!answer.ok && !connection.reachable && kind !== "readiness");
    this.send(silent ? { kind: "unprobed", probe: kind } : { kind: "probed", probe: kind, ...answer });
  }

  private remove(): void {
    this.removal.begin(this.told?.id ?? null, this.current.plan.stopGraceMs);
  }

  /** The Engine's being away is told elsewhere. */
  private background(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!isAway(error)) this.options.report(`${this.name}: ${what} failed`, error);
    });
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof WindlassError && error.code === "host-container-busy";
}

import { WindlassError } from "../../../error.js";
import type { Probe } from "../../../spec/compiled.js";
import type { Cgroups, Fence } from "./cgroup.js";
import { crashLoops, decide } from "./decide.js";
import { type Launched, type LaunchSpec, launch } from "./launch.js";
import { messageOf } from "./message.js";
import type { ReplicaOutput } from "./output.js";
import { commandProbe, type ProbeAnswer, runProbe } from "./probing.js";
import { identify, isAlive } from "./process-table.js";
import { killAll, type Marker, signalGroup } from "./process-tree.js";
import type { Enforcement, ReplicaRunner } from "./replica-runner.js";
import type { ExitFacts, ProbeKind, ProcessRef, ReplicaEffect, ReplicaEvent, ReplicaState } from "./replica-state.js";

/** What one start needs, found out anew for every start. `waits`: nothing is wrong, but it is too early. */
export type Preparation =
  | { readonly kind: "ready"; readonly spec: LaunchSpec }
  | { readonly kind: "waits"; readonly for: string };

export interface RunnerOptions {
  readonly key: string;
  readonly marker: Marker;
  readonly output: ReplicaOutput;
  readonly limits: { readonly memoryBytes: number | null; readonly cpu: number | null };
  readonly cgroups: Cgroups | null;
  readonly stopSignal: NodeJS.Signals;
  readonly prepare: (state: ReplicaState) => Promise<Preparation>;
  readonly now: () => number;
  /** After every change of the state; the record is written here, before anything else happens. */
  readonly changed: (state: ReplicaState) => void;
  readonly restarting: () => void;
}

const LAST_LINES = 20;

/** Carries out what `decide` says for one process. */
export class Runner implements ReplicaRunner {
  private spec: LaunchSpec | null = null;
  private fence: Fence | null = null;
  private killsBefore = 0;
  problem: string | null = null;

  constructor(
    private current: ReplicaState,
    private readonly options: RunnerOptions,
    private adopted: boolean,
  ) {
    if (adopted && current.process !== null) this.enclose(current.process);
  }

  get state(): ReplicaState {
    return this.current;
  }

  get crashLoop(): boolean {
    return crashLoops(this.current);
  }

  send(event: ReplicaEvent): void {
    const before = this.current;
    const { state, effects } = decide(before, event, this.options.now());
    this.current = state;
    if (state !== before) this.options.changed(state);
    for (const effect of effects) this.carryOut(effect);
  }

  /** Called several times a second. */
  tick(): void {
    const { process } = this.current;
    if (process !== null && this.adopted && !isAlive(process)) this.ended(null, null, false);
    if (process !== null && this.fence?.memory === true && this.fence.outOfMemoryKills() > this.killsBefore)
      this.send({ kind: "memory-exceeded", message: this.memoryMessage("the kernel ended a process of it") });
    this.send({ kind: "tick" });
  }

  /** From the supervisor's look at all processes, where no control group limits the memory. */
  uses(memoryBytes: number): void {
    const limit = this.options.limits.memoryBytes;
    if (limit === null || this.fence?.memory === true || memoryBytes <= limit) return;
    this.send({ kind: "memory-exceeded", message: this.memoryMessage(`it used ${mib(memoryBytes)}`) });
  }

  async run(argv: readonly string[], extra: Readonly<Record<string, string>>, timeoutMs: number): Promise<ProbeAnswer> {
    const preparation = await this.options.prepare(this.current);
    if (preparation.kind === "waits") throw new WindlassError("host-waits", `it waits for ${preparation.for}`);
    const { cwd, environment } = preparation.spec;
    const { port } = this.current;
    return commandProbe(argv, { port, cwd, environment: { ...environment, ...extra } }, timeoutMs);
  }

  get enforcement(): Enforcement {
    const { memoryBytes, cpu } = this.options.limits;
    return {
      memory: memoryBytes === null ? null : this.fence?.memory === true ? "cgroup" : "polling",
      cpu: cpu === null ? null : this.fence?.cpu === true ? "cgroup" : "not enforced",
    };
  }

  private carryOut(effect: ReplicaEffect): void {
    const { process } = this.current;
    switch (effect.kind) {
      case "launch":
        void this.start();
        return;
      case "probe":
        void this.probe(effect.probe);
        return;
      case "terminate":
        if (process !== null) signalGroup(process, this.options.stopSignal);
        return;
      case "kill":
        if (process !== null) killAll(process, this.options.marker, this.fence?.processes() ?? []);
        return;
      case "sweep":
        this.fence?.remove();
        return;
      case "restarting":
        this.options.output.note(
          `${this.current.lastExit?.message ?? "it ended"}; start ${this.current.restarts + 1} follows`,
        );
        this.options.restarting();
        return;
    }
  }

  private async start(): Promise<void> {
    try {
      const preparation = await this.options.prepare(this.current);
      if (preparation.kind === "waits") return this.send({ kind: "waits", for: preparation.for });
      this.spec = preparation.spec;
      this.adopted = false;
      const launched: Launched = await launch(preparation.spec, this.options.output);
      this.enclose(launched.process);
      this.sayLimits();
      this.problem = null;
      this.send({ kind: "launched", process: launched.process, port: preparation.spec.port });
      const { code, signal } = await launched.ended;
      this.ended(code, signal, true, launched.process);
    } catch (error) {
      const message = messageOf(error);
      this.problem = message;
      this.send({ kind: "launch-failed", message });
    }
  }

  private enclose(ref: ProcessRef): void {
    const { cgroups, limits, key } = this.options;
    if (cgroups === null || (limits.memoryBytes === null && limits.cpu === null)) return;
    try {
      this.fence = cgroups.fence(key, limits);
      this.killsBefore = this.fence.outOfMemoryKills();
      if (identify(ref.pid).startTime === ref.startTime) this.fence.add(ref.pid);
    } catch (error) {
      this.fence = null;
      this.options.output.note(`no control group for it, its memory is watched by polling: ${messageOf(error)}`);
    }
  }

  private sayLimits(): void {
    const { memory, cpu } = this.enforcement;
    if (memory === "polling") this.options.output.note("its memory limit is enforced by polling");
    if (cpu === "not enforced")
      this.options.output.note("its cpu limit is not enforced: no control group can be written");
  }

  private ended(code: number | null, signal: string | null, known: boolean, ref = this.current.process): void {
    // Whatever the process left behind ends with it, before a successor is started.
    if (ref !== null) killAll(ref, this.options.marker, this.fence?.processes() ?? []);
    const outOfMemory = this.fence?.memory === true && this.fence.outOfMemoryKills() > this.killsBefore;
    const lastLines = this.options.output.lastLines(LAST_LINES);
    // The kernel may be faster than our look at its counts.
    if (outOfMemory)
      this.send({ kind: "memory-exceeded", message: this.memoryMessage("the kernel ended a process of it") });
    const exit: ExitFacts = { code, signal, known, outOfMemory, lastLines };
    this.send({ kind: "exited", exit });
  }

  private async probe(kind: ProbeKind): Promise<void> {
    const probe = this.current.plan.probes[kind];
    const asked = this.current.process;
    if (probe === null || asked === null) return;
    const { ok, detail } = await this.look(probe);
    // The answer of a process that has ended meanwhile says nothing about its successor.
    if (this.current.process === asked) this.send({ kind: "probed", probe: kind, ok, detail });
  }

  private async look(probe: Probe): Promise<{ ok: boolean; detail: string }> {
    try {
      // A command runs in the replica's directory and environment; an adopted one's are found out anew.
      if (this.spec === null && probe.action.kind === "command") {
        const preparation = await this.options.prepare(this.current);
        if (preparation.kind === "waits") return { ok: false, detail: `waits for ${preparation.for}` };
        this.spec = preparation.spec;
      }
      const { cwd = "/", environment = {} } = this.spec ?? {};
      return await runProbe(probe, { port: this.current.port, cwd, environment });
    } catch (error) {
      return { ok: false, detail: messageOf(error) };
    }
  }

  private memoryMessage(what: string): string {
    return `${what}; its limit is ${mib(this.options.limits.memoryBytes ?? 0)}`;
  }
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}

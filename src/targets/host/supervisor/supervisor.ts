import type { ServiceIntent } from "../../../core/model/intent.js";
import type { Known } from "../container/changes.js";
import { ContainerRunner } from "../container/container-runner.js";
import type { Containers } from "../container/containers.js";
import type { Cgroups } from "./cgroup.js";
import type { PortPool } from "./free-port.js";
import { ReplicaOutput } from "./output.js";
import { OutputPlaces } from "./output-places.js";
import { isAlive, processTable } from "./process-table.js";
import { killAll, marked, membersOf } from "./process-tree.js";
import type { GroupPlan, Replica, ReplicaIdentity } from "./replica.js";
import { fileSafe, type ReplicaRecord, type ReplicaRecords } from "./replica-record.js";
import type { ReplicaRunner } from "./replica-runner.js";
import { adoptedContainer, adoptedReplica, freshReplica, planOf, type ReplicaState } from "./replica-state.js";
import { type Preparation, Runner } from "./runner.js";
import { scale } from "./scale.js";
import { UsageSampler } from "./usage.js";

export interface SupervisorOptions {
  /** Names this installation in the environment of everything that it starts. */
  readonly instance: string;
  readonly logs: string;
  readonly records: ReplicaRecords;
  readonly cgroups: Cgroups | null;
  readonly ports: PortPool;
  readonly now: () => number;
  readonly prepare: (identity: ReplicaIdentity, plan: GroupPlan, state: ReplicaState) => Promise<Preparation>;
  /** For workloads that are images. */
  readonly containers: Containers;
  /** A replica's phase, port or process has changed. */
  readonly changed: () => void;
  readonly restarting: (identity: ReplicaIdentity) => void;
  readonly report: (message: string, error?: unknown) => void;
}

/** Keeps the replicas of every environment as the last intents say, level-triggered. */
export class Supervisor {
  private readonly replicas = new Map<string, Replica>();
  private readonly wanted = new Map<string, Readonly<Record<string, ServiceIntent>>>();
  private readonly usage: UsageSampler;
  private readonly outputs: OutputPlaces;

  constructor(private readonly options: SupervisorOptions) {
    this.usage = new UsageSampler(options.now);
    this.outputs = new OutputPlaces(options.logs);
  }

  /** Makes the replicas of one environment what these services say; an empty record ends them all. */
  want(environment: string, services: Readonly<Record<string, ServiceIntent>>): void {
    this.wanted.set(environment, services);
    const groups = new Map<
      string,
      { identity: Omit<ReplicaIdentity, "number" | "id">; plan: GroupPlan; count: number }
    >();
    for (const [service, intent] of Object.entries(services))
      for (const [group, wanted] of Object.entries(intent.groups)) {
        const drainMs = intent.traffic?.policy.drainMs ?? 0;
        const count = typeof wanted.replicas === "number" ? wanted.replicas : wanted.replicas.min;
        const { label, workload, digest } = wanted;
        const identity = { environment, service, group };
        groups.set(`${service}\n${group}`, { identity, plan: { label, workload, digest, drainMs }, count });
      }
    for (const replica of this.of(environment)) {
      const group = groups.get(`${replica.service}\n${replica.group}`);
      // A group whose workload changed under its name is a mistake of the caller, and put right here.
      if (group === undefined || group.plan.digest !== replica.digest) replica.runner.send({ kind: "stop" });
    }
    for (const { identity, plan, count } of groups.values()) {
      const members = this.of(environment).filter(
        (one) => one.service === identity.service && one.group === identity.group,
      );
      const { add, end } = scale(
        members.map(({ number, runner }) => ({ number, phase: runner.state.phase, leaving: runner.state.leaving })),
        count,
      );
      for (const number of end) members.find((one) => one.number === number)?.runner.send({ kind: "stop" });
      for (const number of add) {
        const id = `${identity.service}-${identity.group}-${number}`;
        this.add({ ...identity, number, id }, plan, freshReplica(statePlan(plan), this.options.now()), null);
      }
    }
    this.forgetGone();
  }

  /** Takes over what an earlier daemon left running; to be called once, after the intents are known. */
  adopt(intents: ReadonlyMap<string, Readonly<Record<string, ServiceIntent>>>): void {
    const { records, now, report } = this.options;
    for (const record of records.all((file, error) => report(`cannot read ${file}`, error))) {
      const intent = intents.get(record.environment)?.[record.service];
      const group = intent?.groups[record.group];
      const known = group !== undefined && group.digest === record.digest;
      const plan: GroupPlan = known
        ? { ...group, drainMs: intent?.traffic?.policy.drainMs ?? 0 }
        : forgottenPlan(record);
      if (record.container !== undefined) {
        // Whether it runs is the Engine's to say; until it has, what was ready stays so.
        if (record.port !== null) this.options.ports.keep(record.port);
        this.add(record, plan, adoptedContainer(statePlan(plan), record, now()), record);
        continue;
      }
      if (record.process === null || !isAlive(record.process)) {
        if (record.process !== null) killAll(record.process, this.marker(record));
        records.remove(record);
        continue;
      }
      if (record.port !== null) this.options.ports.keep(record.port);
      const state = adoptedReplica(statePlan(plan), { ...record, process: record.process }, now());
      this.add(record, plan, state, record);
    }
    this.endStrays();
  }

  of(environment: string): Replica[] {
    return this.all().filter((replica) => replica.environment === environment);
  }

  all(): Replica[] {
    return [...this.replicas.values()];
  }

  tick(): void {
    for (const replica of this.replicas.values()) replica.runner.tick();
    this.forgetGone();
  }

  /** Once a second is enough. */
  sample(): void {
    this.usage.look(this.replicas);
  }

  /** Keeps the output files small; true when one was over its limit and will want to be looked at again soon. */
  rotate(): boolean {
    return this.all().reduce((any, replica) => replica.output.rotate() || any, false);
  }

  pruneOutput(): void {
    this.outputs.prune(new Set(this.all().map((replica) => this.outputs.of(replica))));
  }

  private add(identity: ReplicaIdentity, plan: GroupPlan, state: ReplicaState, adopted: ReplicaRecord | null): void {
    const { environment, service, group, number, id } = identity;
    const { digest } = plan;
    const output = new ReplicaOutput(this.outputs.of(identity));
    const key = `${environment}/${id}`;
    const runner = this.runnerOf(identity, plan, state, output, adopted);
    this.replicas.set(key, { environment, service, group, number, id, digest, runner, output, usage: null });
    // A container's record is there before the container: by it a later daemon knows that it has to ask the Engine.
    if (runner instanceof ContainerRunner) this.remember(identity, digest, runner.state, runner.known);
    runner.tick();
    this.options.changed();
  }

  private runnerOf(
    identity: ReplicaIdentity,
    plan: GroupPlan,
    state: ReplicaState,
    output: ReplicaOutput,
    adopted: ReplicaRecord | null,
  ): ReplicaRunner {
    const { cgroups, now, prepare, changed, restarting, containers } = this.options;
    const { digest, workload } = plan;
    if (workload.run.kind === "image") {
      const runner: ContainerRunner = containers.runner({
        identity,
        plan,
        state,
        known: adopted?.container ?? null,
        output,
        changed: (next) => {
          this.remember(identity, digest, next, runner.known);
          changed();
        },
        restarting: () => restarting(identity),
      });
      return runner;
    }
    return new Runner(
      state,
      {
        key: fileSafe(`${identity.environment}/${identity.id}`),
        marker: this.marker(identity),
        output,
        limits: { memoryBytes: workload.memoryBytes, cpu: workload.cpu },
        cgroups,
        stopSignal: "SIGTERM",
        prepare: (present) => prepare(identity, plan, present),
        now,
        changed: (next) => {
          this.remember(identity, digest, next);
          changed();
        },
        restarting: () => restarting(identity),
      },
      adopted !== null,
    );
  }

  /** Written when the process changes, and when traffic may: not at every probe. */
  private remember(identity: ReplicaIdentity, digest: string, state: ReplicaState, container?: Known | null): void {
    const { environment, service, group, number, id } = identity;
    const ready = state.phase === "ready";
    const { process, port, restarts } = state;
    const base: ReplicaRecord = { environment, service, group, number, id, digest, process, port, restarts, ready };
    try {
      this.options.records.keep(container === undefined ? base : { ...base, container });
    } catch (error) {
      // A replica runs on without its record; a later daemon knows it by its marker and replaces it.
      this.options.report(`the record of ${environment}/${id} could not be written`, error);
    }
  }

  private forgetGone(): void {
    for (const [key, replica] of this.replicas) {
      if (replica.runner.state.phase !== "gone") continue;
      this.replicas.delete(key);
      if (replica.runner instanceof ContainerRunner) this.options.containers.forget(replica.runner);
      this.options.ports.release(replica.runner.state.port);
      this.options.records.remove(replica);
      this.options.changed();
      // Its number is free now; a scale-up that came meanwhile may be waiting for it.
      const services = this.wanted.get(replica.environment);
      if (services !== undefined) this.want(replica.environment, services);
    }
  }

  /** Started by a daemon that died before it could write down what it had started. */
  private endStrays(): void {
    const ours = this.all().flatMap(({ runner }) => (runner.state.process === null ? [] : [runner.state.process]));
    const table = processTable();
    const known = new Set(ours.flatMap((ref) => membersOf(ref, [], table).map((row) => row.pid)));
    for (const row of marked([`WINDLASS_INSTANCE=${this.options.instance}`, "WINDLASS_SUPERVISED=1"], table)) {
      if (known.has(row.pid)) continue;
      this.options.report(`ends process ${row.pid}, which an earlier daemon started and did not write down`);
      killAll(row, []);
    }
  }

  private marker(identity: Pick<ReplicaIdentity, "environment" | "id">): string[] {
    return [
      `WINDLASS_INSTANCE=${this.options.instance}`,
      `WINDLASS_ENVIRONMENT=${identity.environment}`,
      `WINDLASS_REPLICA=${identity.id}`,
    ];
  }
}

function statePlan({ workload, drainMs }: GroupPlan): ReturnType<typeof planOf> {
  const { probes, hasPort, stopGraceMs } = workload;
  return planOf({ probes, hasPort, stopGraceMs, drainMs });
}

/** For a process or container whose group nobody wants any more: enough to end it politely. */
function forgottenPlan(record: ReplicaRecord): GroupPlan {
  return {
    label: record.group,
    digest: record.digest,
    drainMs: 10_000,
    workload: {
      run: record.container === undefined ? { kind: "command", argv: [] } : { kind: "image", image: "", argv: null },
      artefact: null,
      environment: {},
      probes: { startup: null, liveness: null, readiness: null },
      hasPort: record.port !== null,
      cpu: null,
      memoryBytes: null,
      stopGraceMs: 10_000,
      uses: [],
    },
  };
}

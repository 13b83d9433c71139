import { listContainers, removeContainer, stopContainer } from "../../../docker/containers.js";
import { labelled } from "../../../docker/filters.js";
import { isRefusal } from "../../../docker/refusal.js";
import type { PortPool } from "../supervisor/free-port.js";
import type { ReplicaOutput } from "../supervisor/output.js";
import type { GroupPlan, ReplicaIdentity } from "../supervisor/replica.js";
import type { ReplicaState } from "../supervisor/replica-state.js";
import { bridgeAddresses } from "./bridge.js";
import type { Known } from "./changes.js";
import { Connection, isAway } from "./connection.js";
import { ContainerRunner } from "./container-runner.js";
import { type Credentials, Images } from "./images.js";
import { type PrintedBy, printedBy } from "./log-source.js";
import { containerLabels, containerName, LABEL } from "./names.js";
import { Networks } from "./networks.js";
import { removeSpent, type SpentImage } from "./spent-image.js";
import type { ContainerPreparation, Workshop } from "./start.js";

export interface ContainersOptions {
  readonly instance: string;
  /** DOCKER_HOST of the daemon. */
  readonly dockerHost: string | undefined;
  readonly credentials: Credentials;
  readonly ports: PortPool;
  readonly now: () => number;
  readonly prepare: (identity: ReplicaIdentity, plan: GroupPlan, state: ReplicaState) => Promise<ContainerPreparation>;
  readonly report: (message: string, error?: unknown) => void;
}

/** What the supervisor says when it wants a runner. */
export interface ContainerOrder {
  readonly identity: ReplicaIdentity;
  readonly plan: GroupPlan;
  readonly state: ReplicaState;
  readonly known: Known | null;
  readonly output: ReplicaOutput;
  readonly changed: (state: ReplicaState) => void;
  readonly restarting: () => void;
}

const STRAY_GRACE_MS = 10_000;
const SWEEP_MS = 5_000;
const RESYNC_MS = 10_000;

/** The containers of this installation. Without an order for one, no Engine is looked for. */
export class Containers {
  private readonly runners = new Map<string, { readonly environment: string; readonly runner: ContainerRunner }>();
  private readonly workshop: Workshop;
  private sweepAt = 0;
  private resyncAt = 0;
  private networksToSweep = false;
  /** Ids of containers that have ended and that the Engine could not take away, as after a crash of its own. */
  private readonly behind = new Set<string>();

  constructor(private readonly options: ContainersOptions) {
    const { instance, dockerHost, now, report, ports, credentials } = options;
    const connection = new Connection({
      dockerHost,
      instance,
      now,
      answers: () => this.resync(true),
      happened: (name) => this.runners.get(name)?.runner.look(),
      report,
    });
    const inUse = (environment: string): boolean =>
      [...this.runners.values()].some((one) => one.environment === environment);
    const networks = new Networks(connection, instance, inUse);
    this.workshop = { connection, networks, images: new Images(credentials, report), ports };
  }

  /** For `doctor`; null while no container is wanted. */
  get condition(): { readonly ok: boolean; readonly sentence: string } | null {
    return this.workshop.connection.condition;
  }

  /** Whether its Engine can be told anything now. */
  get reachable(): boolean {
    return this.workshop.connection.reachable;
  }

  /** Until nobody knows of containers any more, the Engine is followed from here on. */
  runner({ identity, plan, state, known, ...order }: ContainerOrder): ContainerRunner {
    const { instance, now, prepare, report } = this.options;
    const { cpu, memoryBytes } = plan.workload;
    const { environment } = identity;
    const name = containerName(instance, identity);
    const labels = containerLabels(instance, identity, plan.digest);
    const runner = new ContainerRunner(state, known, {
      ...this.workshop,
      ...order,
      placed: { name, environment, labels, cpu, memoryBytes },
      prepare: (present) => prepare(identity, plan, present),
      now,
      leaveBehind: (id) => {
        this.behind.add(id);
        report(`the container ${name} has ended; it is taken away once the Engine can`);
      },
      report,
    });
    this.runners.set(name, { environment, runner });
    this.workshop.connection.begin();
    return runner;
  }

  /** Where containers reach this machine, see bridge.ts. */
  addresses(): Promise<readonly string[]> {
    return bridgeAddresses(this.workshop.connection);
  }

  /** The replica and its container are gone. */
  forget(runner: ContainerRunner): void {
    if (this.runners.get(runner.name)?.runner === runner) this.runners.delete(runner.name);
    this.networksToSweep = true;
  }

  printed(runner: ContainerRunner): PrintedBy {
    return printedBy(this.workshop.connection, runner.name);
  }

  /** About once a second. */
  slowTick(): void {
    const { connection } = this.workshop;
    if (!connection.reachable) return;
    const now = this.options.now();
    if (now >= this.resyncAt) this.resync(false);
    if (!this.networksToSweep || now < this.sweepAt) return;
    this.sweepAt = now + SWEEP_MS;
    this.networksToSweep = false;
    void this.sweepNetworks();
  }

  /** Images that nothing needs any more; resolves with those that went. Where no container was ever wanted, nothing is. */
  async removeImages(images: readonly SpentImage[]): Promise<readonly string[]> {
    const { connection } = this.workshop;
    if (!connection.begun) return [];
    const removed: string[] = [];
    for (const image of images)
      if (await connection.use((engine) => removeSpent(engine, image))) removed.push(image.reference);
    return removed;
  }

  /** After the last replica: nothing of this installation is left in the Engine. */
  async end(): Promise<void> {
    await this.removeBehind().catch((error: unknown) => this.failed("containers that were left behind", error));
    if (this.networksToSweep) await this.sweepNetworks();
    await this.workshop.connection.close();
  }

  /** Events may be lost, and the Engine's memory of them is short: now and then all is looked at. */
  private resync(strays: boolean): void {
    this.resyncAt = this.options.now() + RESYNC_MS;
    for (const { runner } of this.runners.values()) runner.look();
    this.removeBehind().catch((error: unknown) => this.failed("containers that were left behind", error));
    if (!strays) return;
    this.networksToSweep = true;
    this.removeStrays().catch((error: unknown) => this.failed("containers that nobody wants", error));
  }

  /** Made by a daemon that died before it could write down what it had made, or by one whose records are lost. */
  private async removeStrays(): Promise<void> {
    const { instance, report } = this.options;
    await this.workshop.connection.use(async (engine) => {
      for (const { Id, Names } of await listContainers(engine, labelled({ [LABEL.instance]: instance }))) {
        const name = Names[0]?.slice(1) ?? "";
        if (this.runners.has(name)) continue;
        report(`removes the container ${name}, which nobody wants`);
        await stopContainer(engine, Id, STRAY_GRACE_MS);
        this.behind.add(Id);
      }
    });
    await this.removeBehind();
  }

  private async removeBehind(): Promise<void> {
    for (const id of this.behind)
      await this.workshop.connection.use(async (engine) => {
        try {
          await removeContainer(engine, id);
          this.behind.delete(id);
        } catch (error) {
          // Still held; it was told when it was left.
          if (!isRefusal(error, 500) && !isRefusal(error, 409)) throw error;
        }
      });
  }

  private async sweepNetworks(): Promise<void> {
    try {
      await this.workshop.networks.sweep();
    } catch (error) {
      this.networksToSweep = true;
      this.failed("networks that nobody needs", error);
    }
  }

  private failed(what: string, error: unknown): void {
    if (!isAway(error)) this.options.report(`${what} could not be removed`, error);
  }
}

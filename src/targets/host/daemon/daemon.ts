import { createHash } from "node:crypto";
import path from "node:path";
import type { Intent } from "../../../core/model/intent.js";
import type { Places } from "../../../ports/places.js";
import type { LogLine, LogQuery } from "../../../ports/target.js";
import { ContainerRunner } from "../container/container-runner.js";
import { Containers } from "../container/containers.js";
import { registryAuth } from "../container/registry-auth.js";
import type { Channel } from "../edge/handover.js";
import type { EdgeStatus } from "../edge/protocol.js";
import { embeddedServers, endUnwanted } from "../resources/embedded.js";
import { Resources } from "../resources/resources.js";
import { type Cgroups, openCgroups } from "../supervisor/cgroup.js";
import { PortPool } from "../supervisor/free-port.js";
import { identify } from "../supervisor/process-table.js";
import type { Replica } from "../supervisor/replica.js";
import { fileSafe, ReplicaRecords } from "../supervisor/replica-record.js";
import { Supervisor } from "../supervisor/supervisor.js";
import { Drains } from "./drains.js";
import { EdgeLink } from "./edge-link.js";
import { EdgeSync } from "./edge-sync.js";
import type { ReplicaView } from "./edge-table.js";
import { factsOf } from "./facts.js";
import { Guardian } from "./guardian.js";
import { Intents } from "./intents.js";
import { logLines } from "./lines.js";
import { Listeners } from "./listeners.js";
import { observe } from "./observe.js";
import { inheritedEnvironment, Preparer } from "./preparation.js";
import { type ApplyRequest, DAEMON_PROTOCOL, type Facts, type Hello, type Observed, type Signals } from "./protocol.js";
import { Secrets } from "./secrets.js";
import { Restarts } from "./signals.js";
import { Tasks } from "./tasks.js";
import { type Unpack, Unpacked } from "./unpacked.js";

export interface DaemonOptions {
  readonly places: Places;
  readonly version: string;
  readonly edgeArgv: readonly string[];
  /** The IPC channel to the edge, when it started this daemon. */
  readonly parent: Channel | null;
  readonly unpack: Unpack;
  readonly report: (message: string, error?: unknown) => void;
}

/** Names one installation among the others of a machine. */
export const instanceOf = (home: string): string =>
  createHash("sha256").update(path.resolve(home)).digest("hex").slice(0, 12);

const now = (): number => performance.now();
const ENGINE_AWAY_MS = 20_000;

/** Everything that the daemon knows and does, without its socket. */
export class Daemon {
  readonly guardian: Guardian;
  readonly secrets: Secrets;
  private readonly intents: Intents;
  private readonly supervisor: Supervisor;
  private readonly containers: Containers;
  private readonly resources: Resources;
  private readonly edge: EdgeLink;
  private readonly listeners: Listeners;
  private readonly sync: EdgeSync;
  private readonly tasks: Tasks;
  private readonly unpacked: Unpacked;
  private readonly restarts = new Restarts();
  private readonly cgroups: Cgroups | null;
  private readonly drains: Drains;
  private ending = false;

  constructor(private readonly options: DaemonOptions) {
    const { places, report } = options;
    const inside = (name: string): string => path.join(places.daemon, name);
    const instance = instanceOf(places.home);
    const ports = new PortPool(instance);
    this.cgroups = openCgroups(instance);
    this.secrets = new Secrets(inside("secrets"));
    this.intents = new Intents(inside("intents"), (file, error) => report(`cannot read ${file}`, error));
    this.guardian = new Guardian(inside("control-plane.json"), places.logs, report);
    this.resources = new Resources({
      embedded: embeddedServers({
        directory: inside("resources"),
        instance,
        ports,
        environment: inheritedEnvironment(),
        addresses: (environment) =>
          this.hasContainers(environment) ? this.containers.addresses() : Promise.resolve([]),
        report,
      }),
      secret: (environment, name) => this.secrets.value(environment, name, false),
      report,
    });
    this.unpacked = new Unpacked(places.artefacts, inside("artefacts"), options.unpack);
    const preparer = new Preparer({
      instance,
      work: inside("work"),
      secrets: this.secrets,
      unpacked: this.unpacked,
      resources: this.resources,
      ports,
    });
    this.containers = new Containers({
      instance,
      dockerHost: process.env.DOCKER_HOST,
      credentials: registryAuth,
      ports,
      now,
      prepare: (identity, plan, state) => preparer.container(identity, plan, state),
      report,
    });
    this.supervisor = new Supervisor({
      instance,
      logs: inside("logs"),
      records: new ReplicaRecords(inside("replicas")),
      cgroups: this.cgroups,
      ports,
      now,
      prepare: (identity, plan, state) => preparer.prepare(identity, plan, state),
      containers: this.containers,
      changed: () => this.sync.touch(),
      restarting: (identity) => this.restarts.add(identity),
      report,
    });
    this.edge = new EdgeLink({
      socket: places.edgeSocket,
      logs: places.logs,
      version: options.version,
      argv: options.edgeArgv,
      parent: options.parent,
      restarted: () => this.sync.forget(),
      report,
    });
    this.listeners = new Listeners(places.daemon, this.edge, report);
    this.sync = new EdgeSync({
      edge: this.edge,
      listeners: this.listeners,
      intents: () => this.intents.all(),
      replicas: () => this.supervisor.all().map(viewOf),
      report,
    });
    this.drains = new Drains(this.supervisor, this.sync, () => this.status());
    this.tasks = new Tasks({
      file: Tasks.fileIn(places.daemon),
      replicas: (environment, service, group) =>
        this.supervisor
          .of(environment)
          .filter((one) => one.service === service && one.group === group && one.runner.state.phase === "ready"),
      report,
    });
  }

  /** Finds or starts the edge, takes over running replicas and restores what was wanted last. */
  async start(): Promise<void> {
    const applications = this.intents.all();
    this.supervisor.adopt(new Map(applications.map(({ environment, intent }) => [environment, intent.services])));
    const wanted = new Set(
      applications.flatMap(({ environment, intent }) =>
        Object.keys(intent.resources).map((name) => `${fileSafe(environment)}#${fileSafe(name)}`),
      ),
    );
    endUnwanted(path.join(this.options.places.daemon, "resources"), (environment, name) =>
      wanted.has(`${environment}#${name}`),
    );
    await this.edge.open();
    for (const application of applications) this.takeOver(application);
    this.sync.begin();
  }

  apply(application: ApplyRequest): void {
    if (this.intents.accept(application)) this.takeOver(application);
  }

  async observe(environment: string): Promise<Observed> {
    const status = await this.status();
    const application = this.intents.get(environment);
    return observe({
      environment,
      application,
      applied: this.sync.applied(environment, status),
      replicas: this.supervisor.of(environment),
      status,
      problems: this.listeners.problems,
      tasks: this.tasks.observe(environment, application?.intent.tasks ?? []),
      resources: this.resources.observe(environment),
      conceal: this.secrets.conceal(environment, () => this.resources.urls(environment)),
    });
  }

  /** `since` counts only when it was read from this very edge. */
  async signals(environment: string, edge: string | null, since: number): Promise<Signals> {
    const read = await this.edge.blocks(environment, since);
    if (edge === null || edge === read.edge) return this.restarts.merge(environment, read, since);
    return this.restarts.merge(environment, await this.edge.blocks(environment, 0), 0);
  }

  logs(environment: string, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    const sources = () =>
      this.supervisor.of(environment).map(({ service, id, output, runner }) => ({
        service,
        replica: id,
        directory: output.directory,
        container: runner instanceof ContainerRunner ? this.containers.printed(runner) : null,
      }));
    return logLines(sources, query, signal);
  }

  /** Ends and forgets an environment; the data of its resources stays. */
  remove(environment: string): void {
    this.intents.remove(environment);
    this.supervisor.want(environment, {});
    this.sync.remove(environment);
  }

  async facts(): Promise<Facts> {
    const resources = this.intents
      .all()
      .map(({ environment }) => [environment, this.resources.observe(environment)] as const);
    const docker = this.containers.condition;
    return {
      ...this.hello(),
      ...(docker === null ? {} : { docker }),
      ...factsOf(await this.status(), this.edge.holdsSockets, this.cgroups, this.supervisor.all(), resources),
    };
  }

  hello(): Hello {
    const { pid, startTime } = identify(process.pid);
    return { protocol: DAEMON_PROTOCOL, version: this.options.version, pid, startTime };
  }

  /** Several times a second. */
  tick(): void {
    this.edge.tick();
    this.resources.tick();
    this.supervisor.tick();
    this.sync.tick();
    if (!this.ending) this.guardian.tick(now());
    void this.drains.look();
  }

  /** About once a second. */
  slowTick(): void {
    if (this.ending) return;
    this.supervisor.sample();
    this.containers.slowTick();
    if (this.listeners.problems.size > 0) this.sync.touch();
    for (const { environment, intent } of this.intents.all()) {
      this.wantResources(environment, intent.resources);
      this.supervisor.want(environment, intent.services);
      this.tasks.want(environment, intent.tasks);
    }
    for (const environment of this.resources.environments())
      if (this.intents.get(environment) === null) this.wantResources(environment, {});
  }

  /** About once a minute: what nobody needs any more. */
  prune(): void {
    this.intents.reserve();
    this.cgroups?.removeUnused();
    this.supervisor.pruneOutput();
    const intents = this.intents.all().flatMap(({ intent }) => Object.values(intent.services));
    const wanted = intents.flatMap(({ groups }) => Object.values(groups).map(({ workload }) => workload.artefact));
    // A group that is still draining runs in its directory, though nobody wants it any more.
    const busy = this.supervisor.all().some(({ runner }) => runner.state.leaving);
    if (!busy) this.unpacked.prune(new Set(wanted.filter((digest) => digest !== null)));
  }

  /** True while a replica prints so much that its files need another look soon. */
  rotate(): boolean {
    const resources = this.resources.rotate();
    return this.supervisor.rotate() || resources;
  }

  /** The daemon goes; replicas and edge stay, for the next one. */
  leave(): void {
    this.edge.leave();
  }

  /** Ends every replica, resource and the edge. What was wanted stays on disk. */
  async endEverything(): Promise<void> {
    this.ending = true;
    for (const { environment } of this.supervisor.all()) this.supervisor.want(environment, {});
    const late = now() + ENGINE_AWAY_MS;
    const left = (): readonly Replica[] => {
      const all = this.supervisor.all();
      // Containers of an Engine that does not come back are left, with their records: the next daemon removes them.
      const inVain = !this.containers.reachable && now() > late;
      return inVain ? all.filter(({ runner }) => !(runner instanceof ContainerRunner)) : all;
    };
    while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await this.containers.end();
    await this.resources.stopAll();
    await this.edge.end();
    this.cgroups?.removeAll();
  }

  private takeOver({ environment, intent }: ApplyRequest): void {
    this.wantResources(environment, intent.resources);
    this.supervisor.want(environment, intent.services);
    this.tasks.want(environment, intent.tasks);
    this.sync.touch();
  }

  /** A database outlives the replicas that are still finishing with it. */
  private wantResources(environment: string, resources: Intent["resources"]): void {
    const leaving = this.supervisor.of(environment).some(({ runner }) => runner.state.leaving);
    const going = this.intents.get(environment) === null && this.supervisor.of(environment).length > 0;
    this.resources.want(environment, resources, leaving || going);
  }

  private hasContainers(environment: string): boolean {
    const services = Object.values(this.intents.get(environment)?.intent.services ?? {});
    return services.some(({ groups }) => Object.values(groups).some(({ workload }) => workload.run.kind === "image"));
  }

  private async status(): Promise<EdgeStatus | null> {
    try {
      return await this.edge.status();
    } catch (error) {
      this.options.report("the edge does not say how it is", error);
      return null;
    }
  }
}

function viewOf({ environment, service, group, id, runner }: Replica): ReplicaView {
  const { phase, port } = runner.state;
  return { environment, service, group, id, phase, port };
}

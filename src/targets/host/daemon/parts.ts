import { createHash } from "node:crypto";
import path from "node:path";
import type { Places } from "../../../ports/places.js";
import { Containers } from "../container/containers.js";
import { registryAuth } from "../container/registry-auth.js";
import type { Channel } from "../edge/handover.js";
import type { EdgeStatus } from "../edge/protocol.js";
import { embeddedServers } from "../resources/embedded.js";
import { Resources } from "../resources/resources.js";
import { type Cgroups, openCgroups } from "../supervisor/cgroup.js";
import { PortPool } from "../supervisor/free-port.js";
import type { Replica } from "../supervisor/replica.js";
import { ReplicaRecords } from "../supervisor/replica-record.js";
import { Supervisor } from "../supervisor/supervisor.js";
import { Drains } from "./drains.js";
import { EdgeLink } from "./edge-link.js";
import { EdgeSync } from "./edge-sync.js";
import type { ReplicaView } from "./edge-table.js";
import { Guardian } from "./guardian.js";
import { Intents } from "./intents.js";
import { Listeners } from "./listeners.js";
import { inheritedEnvironment, Preparer } from "./preparation.js";
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

export const now = (): number => performance.now();

/** What a daemon is made of, and who knows whom. */
export class DaemonParts {
  readonly guardian: Guardian;
  readonly secrets: Secrets;
  readonly intents: Intents;
  readonly supervisor: Supervisor;
  readonly containers: Containers;
  readonly resources: Resources;
  readonly edge: EdgeLink;
  readonly listeners: Listeners;
  readonly sync: EdgeSync;
  readonly tasks: Tasks;
  readonly unpacked: Unpacked;
  readonly restarts = new Restarts();
  readonly cgroups: Cgroups | null;
  readonly drains: Drains;

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

  /** Null: the edge does not say. */
  async status(): Promise<EdgeStatus | null> {
    try {
      return await this.edge.status();
    } catch (error) {
      this.options.report("the edge does not say how it is", error);
      return null;
    }
  }

  private hasContainers(environment: string): boolean {
    const services = Object.values(this.intents.get(environment)?.intent.services ?? {});
    return services.some(({ groups }) => Object.values(groups).some(({ workload }) => workload.run.kind === "image"));
  }
}

function viewOf({ environment, service, group, id, runner }: Replica): ReplicaView {
  const { phase, port } = runner.state;
  return { environment, service, group, id, phase, port };
}

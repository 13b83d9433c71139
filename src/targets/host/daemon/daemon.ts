import path from "node:path";
import type { Intent } from "../../../core/model/intent.js";
import type { LogLine, LogQuery } from "../../../ports/target.js";
import { ContainerRunner } from "../container/container-runner.js";
import { endUnwanted } from "../resources/embedded.js";
import { identify } from "../supervisor/process-table.js";
import type { Replica } from "../supervisor/replica.js";
import { fileSafe } from "../supervisor/replica-record.js";
import { factsOf } from "./facts.js";
import type { Guardian } from "./guardian.js";
import { logLines } from "./lines.js";
import { observe } from "./observe.js";
import { type DaemonOptions, DaemonParts, now } from "./parts.js";
import {
  type ApplyRequest,
  DAEMON_PROTOCOL,
  type Facts,
  type Hello,
  type Observed,
  type RemoveImages,
  type Signals,
} from "./protocol.js";
import type { Secrets } from "./secrets.js";

const ENGINE_AWAY_MS = 20_000;

/** Everything that the daemon knows and does, without its socket. */
export class Daemon {
  private readonly parts: DaemonParts;
  private ending = false;

  constructor(private readonly options: DaemonOptions) {
    this.parts = new DaemonParts(options);
  }

  get guardian(): Guardian {
    return this.parts.guardian;
  }

  get secrets(): Secrets {
    return this.parts.secrets;
  }

  /** Finds or starts the edge, takes over running replicas and restores what was wanted last. */
  async start(): Promise<void> {
    const applications = this.parts.intents.all();
    this.parts.supervisor.adopt(new Map(applications.map(({ environment, intent }) => [environment, intent.services])));
    const wanted = new Set(
      applications.flatMap(({ environment, intent }) =>
        Object.keys(intent.resources).map((name) => `${fileSafe(environment)}#${fileSafe(name)}`),
      ),
    );
    endUnwanted(path.join(this.options.places.daemon, "resources"), (environment, name) =>
      wanted.has(`${environment}#${name}`),
    );
    await this.parts.edge.open();
    for (const application of applications) this.takeOver(application);
    this.parts.sync.begin();
  }

  apply(application: ApplyRequest): void {
    if (this.parts.intents.accept(application)) this.takeOver(application);
  }

  async observe(environment: string): Promise<Observed> {
    const status = await this.parts.status();
    const application = this.parts.intents.get(environment);
    return observe({
      environment,
      application,
      applied: this.parts.sync.applied(environment, status),
      replicas: this.parts.supervisor.of(environment),
      status,
      problems: this.parts.listeners.problems,
      tasks: this.parts.tasks.observe(environment, application?.intent.tasks ?? []),
      resources: this.parts.resources.observe(environment),
      conceal: this.parts.secrets.conceal(environment, () => this.parts.resources.urls(environment)),
    });
  }

  /** `since` counts only when it was read from this very edge. */
  async signals(environment: string, edge: string | null, since: number): Promise<Signals> {
    const read = await this.parts.edge.blocks(environment, since);
    if (edge === null || edge === read.edge) return this.parts.restarts.merge(environment, read, since);
    return this.parts.restarts.merge(environment, await this.parts.edge.blocks(environment, 0), 0);
  }

  logs(environment: string, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    const sources = () =>
      this.parts.supervisor.of(environment).map(({ service, id, output, runner }) => ({
        service,
        replica: id,
        directory: output.directory,
        container: runner instanceof ContainerRunner ? this.parts.containers.printed(runner) : null,
      }));
    return logLines(sources, query, signal);
  }

  /** What somebody wants again meanwhile stays. */
  removeImages(images: RemoveImages["images"]): Promise<readonly string[]> {
    const wanted = new Set(this.parts.intents.workloads().map(({ run }) => (run.kind === "image" ? run.image : null)));
    return this.parts.containers.removeImages(images.filter(({ reference }) => !wanted.has(reference)));
  }

  /** Ends and forgets an environment; the data of its resources stays. */
  remove(environment: string): void {
    this.parts.intents.remove(environment);
    this.parts.supervisor.want(environment, {});
    this.parts.sync.remove(environment);
  }

  async facts(): Promise<Facts> {
    const resources = this.parts.intents
      .all()
      .map(({ environment }) => [environment, this.parts.resources.observe(environment)] as const);
    const docker = this.parts.containers.condition;
    return {
      ...this.hello(),
      ...(docker === null ? {} : { docker }),
      ...factsOf(
        await this.parts.status(),
        this.parts.edge.holdsSockets,
        this.parts.cgroups,
        this.parts.supervisor.all(),
        resources,
      ),
    };
  }

  hello(): Hello {
    const { pid, startTime } = identify(process.pid);
    return { protocol: DAEMON_PROTOCOL, version: this.options.version, pid, startTime };
  }

  /** Several times a second. */
  tick(): void {
    this.parts.edge.tick();
    this.parts.resources.tick();
    this.parts.supervisor.tick();
    this.parts.sync.tick();
    if (!this.ending) this.parts.guardian.tick(now());
    void this.parts.drains.look();
  }

  /** About once a second. */
  slowTick(): void {
    if (this.ending) return;
    this.parts.supervisor.sample();
    this.parts.containers.slowTick();
    if (this.parts.listeners.problems.size > 0) this.parts.sync.touch();
    for (const { environment, intent } of this.parts.intents.all()) {
      this.wantResources(environment, intent.resources);
      this.parts.supervisor.want(environment, intent.services);
      this.parts.tasks.want(environment, intent.tasks);
    }
    for (const environment of this.parts.resources.environments())
      if (this.parts.intents.get(environment) === null) this.wantResources(environment, {});
  }

  /** About once a minute: what nobody needs any more. */
  prune(): void {
    this.parts.intents.reserve();
    this.parts.cgroups?.removeUnused();
    this.parts.supervisor.pruneOutput();
    const wanted = this.parts.intents.workloads().map(({ artefact }) => artefact);
    // A group that is still draining runs in its directory, though nobody wants it any more.
    const busy = this.parts.supervisor.all().some(({ runner }) => runner.state.leaving);
    if (!busy) this.parts.unpacked.prune(new Set(wanted.filter((digest) => digest !== null)));
  }

  /** True while a replica prints so much that its files need another look soon. */
  rotate(): boolean {
    const resources = this.parts.resources.rotate();
    return this.parts.supervisor.rotate() || resources;
  }

  /** The daemon goes; replicas and edge stay, for the next one. */
  leave(): void {
    this.parts.edge.leave();
  }

  /** Ends every replica, resource and the edge. What was wanted stays on disk. */
  async endEverything(): Promise<void> {
    this.ending = true;
    for (const { environment } of this.parts.supervisor.all()) this.parts.supervisor.want(environment, {});
    const late = now() + ENGINE_AWAY_MS;
    const left = (): readonly Replica[] => {
      const all = this.parts.supervisor.all();
      // Containers of an Engine that does not come back are left, with their records: the next daemon removes them.
      const inVain = !this.parts.containers.reachable && now() > late;
      return inVain ? all.filter(({ runner }) => !(runner instanceof ContainerRunner)) : all;
    };
    while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await this.parts.containers.end();
    await this.parts.resources.stopAll();
    await this.parts.edge.end();
    this.parts.cgroups?.removeAll();
  }

  private takeOver({ environment, intent }: ApplyRequest): void {
    this.wantResources(environment, intent.resources);
    this.parts.supervisor.want(environment, intent.services);
    this.parts.tasks.want(environment, intent.tasks);
    this.parts.sync.touch();
  }

  /** A database outlives the replicas that are still finishing with it. */
  private wantResources(environment: string, resources: Intent["resources"]): void {
    const leaving = this.parts.supervisor.of(environment).some(({ runner }) => runner.state.leaving);
    const going = this.parts.intents.get(environment) === null && this.parts.supervisor.of(environment).length > 0;
    this.parts.resources.want(environment, resources, leaving || going);
  }
}

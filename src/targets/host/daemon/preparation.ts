import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Workload } from "../../../core/model/intent.js";
import { WindlassError } from "../../../error.js";
import { CONTAINER_PORT } from "../container/seen.js";
import type { ContainerPreparation } from "../container/start.js";
import { LOOPBACK, type PortPool } from "../supervisor/free-port.js";
import type { GroupPlan, ReplicaIdentity } from "../supervisor/replica.js";
import { fileSafe } from "../supervisor/replica-record.js";
import type { ReplicaState } from "../supervisor/replica-state.js";
import type { Preparation } from "../supervisor/runner.js";
import type { Secrets } from "./secrets.js";
import type { Unpacked } from "./unpacked.js";

export interface ResourceUrls {
  /** Throws a WindlassError when it cannot come up at all. */
  url(environment: string, resource: string): { kind: "ready"; url: string } | { kind: "waits"; for: string };
}

export interface PreparationOptions {
  readonly instance: string;
  /** For replicas without an artefact: an empty directory each. */
  readonly work: string;
  readonly secrets: Secrets;
  readonly unpacked: Unpacked;
  readonly resources: ResourceUrls;
  readonly ports: PortPool;
}

/** What replicas inherit of the daemon's environment; everything else comes from the spec. */
const INHERITED = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "USER",
  "LOGNAME",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
];

export function inheritedEnvironment(from: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = from[name];
    if (value !== undefined) environment[name] = value;
  }
  // Node.js is always there, even when it was not installed into the path.
  const node = path.dirname(process.execPath);
  const parts = (environment.PATH ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  environment.PATH = (parts.includes(node) ? parts : [...parts, node]).join(":");
  return environment;
}

/** Finds out, for every start anew, what a replica needs: URLs, secrets, files, a port. */
export class Preparer {
  constructor(private readonly options: PreparationOptions) {}

  async prepare(identity: ReplicaIdentity, plan: GroupPlan, state: ReplicaState): Promise<Preparation> {
    const { workload } = plan;
    const { run } = workload;
    if (run.kind === "image") throw new WindlassError("host-run-kind", `${identity.id} is a container, not a process`);
    const urls = this.urls(identity, workload);
    if (urls.kind === "waits") return urls;
    const values = this.values(identity, plan);
    const cwd = await this.directory(identity, workload.artefact);
    const port = await this.port(workload, state);
    const environment = {
      ...inheritedEnvironment(),
      ...telemetryOf(identity),
      ...values,
      ...urls.urls,
      ...(port === null ? {} : { PORT: String(port), HOST: LOOPBACK }),
      ...this.own(identity, plan),
      WINDLASS_SUPERVISED: "1",
    };
    return { kind: "ready", spec: { argv: run.argv, cwd, environment, port } };
  }

  /**
   * The same for a container: nothing of this machine's environment, a port that is its own inside, and no
   * WINDLASS_SUPERVISED, by which a daemon knows the processes that it may end.
   */
  async container(identity: ReplicaIdentity, plan: GroupPlan, state: ReplicaState): Promise<ContainerPreparation> {
    const { workload } = plan;
    const { run } = workload;
    if (run.kind === "command")
      throw new WindlassError("host-run-kind", `${identity.id} is a process, not a container`);
    const urls = this.urls(identity, workload);
    if (urls.kind === "waits") return urls;
    const values = this.values(identity, plan);
    const port = await this.port(workload, state);
    const environment = {
      ...telemetryOf(identity),
      ...values,
      ...(port === null ? {} : { PORT: String(CONTAINER_PORT), HOST: "0.0.0.0" }),
      ...this.own(identity, plan),
    };
    const { image, argv } = run;
    return { kind: "ready", start: { image, argv, environment, urls: urls.urls, port } };
  }

  private urls(
    { environment }: ReplicaIdentity,
    { uses }: Workload,
  ): { kind: "ready"; urls: Record<string, string> } | { kind: "waits"; for: string } {
    const urls: Record<string, string> = {};
    for (const { resource, variable } of uses) {
      const answer = this.options.resources.url(environment, resource);
      if (answer.kind === "waits") return answer;
      urls[variable] = answer.url;
    }
    return { kind: "ready", urls };
  }

  /** A running one keeps its port: this is asked for an adopted replica's probe command, too. */
  private async port({ hasPort }: Workload, state: ReplicaState): Promise<number | null> {
    if (!hasPort) return null;
    return state.process !== null ? state.port : await this.options.ports.take(state.port);
  }

  private values(identity: ReplicaIdentity, plan: GroupPlan): Record<string, string> {
    const values: Record<string, string> = {};
    for (const [name, value] of Object.entries(plan.workload.environment))
      values[name] =
        value.kind === "plain"
          ? value.value
          : this.options.secrets.value(identity.environment, value.name, value.generate);
    return values;
  }

  private own(identity: ReplicaIdentity, plan: GroupPlan): Record<string, string> {
    return {
      WINDLASS_SERVICE: identity.service,
      WINDLASS_RELEASE: plan.label,
      WINDLASS_GROUP: identity.group,
      WINDLASS_REPLICA: identity.id,
      WINDLASS_ENVIRONMENT: identity.environment,
      WINDLASS_INSTANCE: this.options.instance,
    };
  }

  private async directory(identity: ReplicaIdentity, artefact: string | null): Promise<string> {
    if (artefact !== null) return this.options.unpacked.of(artefact);
    const directory = path.join(this.options.work, fileSafe(identity.environment), fileSafe(identity.id));
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return directory;
  }
}

/** What an OpenTelemetry SDK reads by itself, so that its metrics say whose they are; the spec's own variables win. */
function telemetryOf({ environment, service, group, id }: ReplicaIdentity): Record<string, string> {
  const attributes = { "service.instance.id": id, "windlass.environment": environment, "windlass.group": group };
  const pairs = Object.entries(attributes).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return { OTEL_SERVICE_NAME: service, OTEL_RESOURCE_ATTRIBUTES: pairs.join(",") };
}

import type { TaskIntent } from "../../core/model/intent.js";
import type { TaskObservation } from "../../core/model/observation.js";
import { WindlassError } from "../../error.js";
import { ownerLabels } from "../../render/kubernetes/labels.js";
import type { SmokeCheck } from "../../spec/compiled.js";
import type { Kubernetes } from "./client/api.js";
import { record } from "./seen/field.js";
import type { PodSeen } from "./seen/pod.js";
import { runSmokeCommand } from "./smoke-job.js";

const RECORD = "windlass-tasks";
const MANAGER = "windlass-tasks";
const REMEMBERED = 200;
/** The API server's own trouble: it says nothing of what was to be checked. */
const NOT_THE_SERVICE: ReadonlySet<string> = new Set([
  "kubernetes-busy",
  "kubernetes-unauthorized",
  "kubernetes-unreachable",
]);
/** A server that has just started knows nobody's rights yet. */
const FORBIDDEN_MS = 30_000;

export interface TasksOptions {
  readonly client: Kubernetes;
  readonly namespace: string;
  readonly environment: string;
  readonly ready: (service: string, group: string) => readonly PodSeen[];
  /** Where the replicas of a service listen; null: it has no port. */
  readonly port: (service: string, group: string) => number | null;
  /** Name of the Deployment, and of the Service, of a group. */
  readonly deployment: (service: string, group: string) => string;
  /** Port of a service's Services in the cluster. */
  readonly clusterPort: (service: string) => number;
  readonly now: () => number;
  readonly changed: () => void;
  readonly report: (message: string, error: unknown) => void;
}

/** Smoke checks, each once by its id; what has finished is in a ConfigMap of the namespace and not done again. */
export class ClusterTasks {
  #finished: Map<string, TaskObservation> | null = null;
  readonly #running = new Set<string>();
  /** Since when the API server lets nobody through to a pod. */
  #forbiddenAt: number | null = null;

  constructor(private readonly options: TasksOptions) {}

  observe(tasks: readonly TaskIntent[]): Record<string, TaskObservation> {
    const observed: Record<string, TaskObservation> = {};
    for (const { id } of tasks) {
      const detail = this.#running.has(id) ? "the checks run" : "waits for a ready replica";
      observed[id] = this.#finished?.get(id) ?? { phase: "running", detail };
    }
    return observed;
  }

  /** Starts what can be started. */
  want(tasks: readonly TaskIntent[]): void {
    for (const task of tasks) {
      if (this.#running.has(task.id) || this.#finished?.has(task.id) === true) continue;
      const pods = this.options.ready(task.service, task.group);
      if (pods.length === 0) continue;
      this.#running.add(task.id);
      void this.#run(task, pods)
        // Neither passed nor failed: it is run again with the next look.
        .catch((error: unknown) => this.options.report(`the smoke checks of ${task.id} could not be run`, error))
        .finally(() => {
          this.#running.delete(task.id);
          this.options.changed();
        });
    }
  }

  async #run(task: TaskIntent, pods: readonly PodSeen[]): Promise<void> {
    const finished = await this.#remembered();
    if (finished.has(task.id)) return;
    const port = this.options.port(task.service, task.group);
    const failures: string[] = [];
    for (const check of task.checks) {
      if (check.kind === "command") {
        const detail = await this.#command(check, task, port);
        if (detail !== null) failures.push(detail);
        continue;
      }
      for (const pod of pods) {
        const detail = await this.#request(check, pod, port);
        if (detail !== null) failures.push(`${pod.name}: ${detail}`);
      }
    }
    const passed = `${task.checks.length} checks passed on ${pods.length} replicas`;
    finished.set(
      task.id,
      failures.length === 0 ? { phase: "passed", detail: passed } : { phase: "failed", detail: failures.join("; ") },
    );
    for (const oldest of finished.keys()) {
      if (finished.size <= REMEMBERED) break;
      finished.delete(oldest);
    }
    await this.#remember(finished);
  }

  #command(
    check: Extract<SmokeCheck, { kind: "command" }>,
    task: TaskIntent,
    port: number | null,
  ): Promise<string | null> {
    const { client, namespace, environment } = this.options;
    const deployment = this.options.deployment(task.service, task.group);
    const url = port === null ? null : `http://${deployment}:${this.options.clusterPort(task.service)}`;
    const { argv, timeoutMs } = check;
    const about = { task: task.id, service: task.service, environment, namespace, deployment, url };
    return runSmokeCommand(client, { ...about, argv, timeoutMs });
  }

  /** Null: it passed. The API server brings the request to the pod, so no route has to lead there yet. */
  async #request(
    check: Extract<SmokeCheck, { kind: "http" }>,
    pod: PodSeen,
    port: number | null,
  ): Promise<string | null> {
    if (port === null) return "it has no port";
    const { namespace, name } = pod;
    try {
      const { status } = await this.options.client.proxy({
        namespace,
        to: "pod",
        name,
        port,
        path: check.path,
        timeoutMs: check.timeoutMs,
      });
      this.#forbiddenAt = null;
      return status === check.status ? null : `GET ${check.path} answered ${status}, not ${check.status}`;
    } catch (error) {
      if (!(error instanceof WindlassError) || (await this.#isServers(error))) throw error;
      return `GET ${check.path}: ${error.message}`;
    }
  }

  async #isServers({ code }: WindlassError): Promise<boolean> {
    const { client, now } = this.options;
    // A replica that is slow, or a server that hangs: then it does not say its version either.
    if (code === "kubernetes-timeout")
      return client.version().then(
        () => false,
        () => true,
      );
    if (code !== "kubernetes-forbidden") return NOT_THE_SERVICE.has(code);
    this.#forbiddenAt ??= now();
    return now() - this.#forbiddenAt < FORBIDDEN_MS;
  }

  async #remembered(): Promise<Map<string, TaskObservation>> {
    if (this.#finished !== null) return this.#finished;
    const { client, namespace } = this.options;
    const found = await client.get({ apiVersion: "v1", kind: "ConfigMap", namespace, name: RECORD });
    const entries = Object.entries(record(found, "data")).map(([id, value]): [string, TaskObservation] => [
      id,
      JSON.parse(String(value)) as TaskObservation,
    ]);
    this.#finished ??= new Map(entries);
    return this.#finished;
  }

  async #remember(finished: ReadonlyMap<string, TaskObservation>): Promise<void> {
    const { client, namespace, environment } = this.options;
    const data = Object.fromEntries([...finished].map(([id, outcome]) => [id, JSON.stringify(outcome)]));
    const metadata = { name: RECORD, namespace, labels: { ...ownerLabels(environment) } };
    await client.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data }, { manager: MANAGER, force: true });
  }
}

export const TASKS_NAME = RECORD;

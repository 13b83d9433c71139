import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { WindlassError } from "../../error.js";
import { labelValue, ownerLabels, SMOKE } from "../../render/kubernetes/labels.js";
import type { KubernetesObject } from "../../render/kubernetes/object.js";
import type { Kubernetes } from "./client/api.js";
import { condition, list, record, text } from "./seen/field.js";

const MANAGER = "windlass-tasks";
const LOOK_EVERY_MS = 500;
/** A node has to take the pod and pull the image before the command's own time begins to matter. */
const START_MS = 60_000;
const LAST_LINES = 5;

export interface SmokeCommand {
  readonly task: string;
  readonly environment: string;
  readonly namespace: string;
  readonly service: string;
  /** The group's Deployment, whose image, configuration and rights the command gets. */
  readonly deployment: string;
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  /** Where the group answers; null: it has no port. */
  readonly url: string | null;
}

/** Runs a command once, as a Job beside the group's pods. Null: it ended with 0; else why not. */
export async function runSmokeCommand(client: Kubernetes, check: SmokeCommand): Promise<string | null> {
  const { namespace, argv, timeoutMs, deployment } = check;
  const found = await client.get({ apiVersion: "apps/v1", kind: "Deployment", namespace, name: deployment });
  if (found === null) return `the Deployment ${deployment} is gone`;
  const job = jobOf(check, found);
  const reference = { apiVersion: "batch/v1", kind: "Job", namespace, name: job.metadata.name };
  await client.apply(job, { manager: MANAGER, force: true });
  try {
    const end = performance.now() + START_MS + timeoutMs;
    while (performance.now() < end) {
      const conditions = list(await client.get(reference), "status", "conditions");
      if (condition(conditions, "Complete")?.status === "True") return null;
      const failed = condition(conditions, "Failed");
      if (failed?.status === "True")
        return `${argv[0]}: ${failed.message}${await lastLines(client, namespace, job.metadata.name)}`;
      await sleep(LOOK_EVERY_MS);
    }
    return `${argv[0]} did not end within ${(START_MS + timeoutMs) / 1_000} s`;
  } finally {
    await client.delete(reference, { propagation: "Background" });
  }
}

/** The same check has the same name: a control plane that was killed finds its Job again. */
function jobOf(check: SmokeCommand, deployment: KubernetesObject): KubernetesObject {
  const { task, environment, namespace, service, argv, timeoutMs, url } = check;
  const digits = createHash("sha256")
    .update(JSON.stringify([task, argv]))
    .digest("hex")
    .slice(0, 10);
  const labels = { ...ownerLabels(environment), [SMOKE]: labelValue(service) };
  const pod = record(deployment, "spec", "template", "spec");
  const [container] = list(pod, "containers");
  const {
    ports: _ports,
    livenessProbe: _l,
    readinessProbe: _r,
    startupProbe: _s,
    lifecycle: _c,
    args: _a,
    ...rest
  } = record(container);
  const env = [...list(rest, "env"), ...(url === null ? [] : [{ name: "WINDLASS_SMOKE_URL", value: url }])];
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: `smoke-${digits}`, namespace, labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil((START_MS + timeoutMs) / 1_000),
      ttlSecondsAfterFinished: 600,
      template: {
        metadata: { labels },
        spec: {
          ...pod,
          topologySpreadConstraints: undefined,
          terminationGracePeriodSeconds: 1,
          restartPolicy: "Never",
          containers: [{ ...rest, env, command: argv }],
        },
      },
    },
  };
}

async function lastLines(client: Kubernetes, namespace: string, job: string): Promise<string> {
  const lines: string[] = [];
  try {
    for await (const page of client.list(
      { apiVersion: "v1", kind: "Pod" },
      { namespace, labelSelector: `job-name=${job}` },
    ))
      for (const pod of page.items) {
        const container = text(pod, "spec", "containers", 0, "name") ?? "";
        const options = { namespace, pod: pod.metadata.name, container, tailLines: LAST_LINES };
        for await (const line of client.logs(options, AbortSignal.timeout(3_000))) lines.push(line);
      }
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error;
    lines.push(`its output cannot be read: ${error.message}`);
  }
  return lines.length === 0 ? "" : ` (${lines.join(" / ")})`;
}

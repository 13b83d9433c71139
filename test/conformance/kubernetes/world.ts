import { request } from "undici";
import type { EnvironmentKey, Intent, Workload } from "../../../src/core/model/intent.js";
import type { Target } from "../../../src/ports/target.js";
import type { CompiledKubernetes } from "../../../src/spec/compiled-cluster.js";
import type { Kubernetes } from "../../../src/targets/kubernetes/client/api.js";
import { connectKubernetes } from "../../../src/targets/kubernetes/client/connect.js";
import { createKubernetesTarget, type KubernetesTarget } from "../../../src/targets/kubernetes/target.js";
import type { Cluster } from "./rig/cluster.js";

export interface TargetOptions {
  readonly kubeconfig?: string;
  readonly traffic?: CompiledKubernetes["traffic"];
  readonly drift?: CompiledKubernetes["drift"];
  readonly pullSecret?: string;
  /** Values of secrets by name. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Stands between the target and its cluster. */
  readonly wrap?: (client: Kubernetes) => Kubernetes;
}

export interface ClusterWorld {
  /** Takes intents as every other target does: how the cluster is reached is added here. */
  readonly target: KubernetesTarget;
  settings(environment: EnvironmentKey): CompiledKubernetes;
  /** What the target reported beside its errors. */
  readonly reports: readonly string[];
}

export const namespaceOf = (environment: EnvironmentKey): string => environment.replace("/", "-");

/** A Kubernetes target on a cluster of the rig, without a control plane. */
export function targetOn(cluster: Cluster, options: TargetOptions = {}): ClusterWorld {
  const clock = { now: () => performance.now(), wall: () => Date.now() };
  const { secrets = {}, wrap = (client) => client } = options;
  const reports: string[] = [];
  const settings = (environment: EnvironmentKey): CompiledKubernetes => ({
    kubeconfig: options.kubeconfig ?? cluster.kubeconfig,
    context: null,
    namespace: namespaceOf(environment),
    traffic: options.traffic ?? { kind: "replicas" },
    drift: options.drift ?? "heal",
    ...(options.pullSecret !== undefined && { pullSecret: options.pullSecret }),
  });
  const target = createKubernetesTarget({
    clock,
    secrets: {
      value: (_environment, name) => {
        const value = secrets[name];
        if (value === undefined) throw new Error(`the story has no secret ${name}`);
        return value;
      },
      conceal: () => (text) => Object.values(secrets).reduce((shown, value) => shown.replaceAll(value, "•••"), text),
    },
    connect: async (chosen) => wrap(await connectKubernetes({ ...chosen, clock, userAgent: "windlass-conformance" })),
    settingsOf: settings,
    report: (message, error) => reports.push(error instanceof Error ? `${message}: ${error.message}` : message),
  });
  const apply: Target["apply"] = (environment, application) => {
    const intent: Intent = { ...application.intent, kubernetes: settings(environment) };
    return target.apply(environment, { ...application, intent });
  };
  return { target: { ...target, apply }, settings, reports };
}

/** A container of an image with a port, as the core would describe it. */
export function container(
  image: string,
  argv: readonly string[] | null,
  changes: Partial<Workload> = {},
): Partial<Workload> {
  return {
    run: { kind: "image", image, argv },
    pod: { port: changes.hasPort === false ? null : 8080, drainMs: 1_000 },
    ...changes,
  };
}

/** Sends requests through the gateway, one after the other; says which release answered how many. */
export async function askThroughGateway(
  cluster: Cluster,
  environment: EnvironmentKey,
  service: string,
  count: number,
): Promise<Readonly<Record<string, number>>> {
  const answers: Record<string, number> = {};
  for (let sent = 0; sent < count; sent++) {
    const headers = { host: `${service}.${namespaceOf(environment)}` };
    const { statusCode, body } = await request(cluster.gateway.url, { headers });
    if (statusCode !== 200) throw new Error(`${headers.host} answered ${statusCode}: ${await body.text()}`);
    const { release } = (await body.json()) as { release: string };
    answers[release] = (answers[release] ?? 0) + 1;
  }
  return answers;
}

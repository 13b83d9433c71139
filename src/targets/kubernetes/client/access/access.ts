import path from "node:path";
import { WindlassError } from "../../../../error.js";
import type { Clock } from "../../../../ports/clock.js";
import type { Credentials } from "./credentials.js";
import { inCluster } from "./in-cluster.js";
import { type Entry, type KubeconfigCluster, kubeconfigFiles, readKubeconfig } from "./kubeconfig.js";
import { requiredText, type Surroundings } from "./surroundings.js";
import { userCredentials } from "./user.js";

/** How a cluster is reached and who we are there. */
export interface ClusterAccess {
  /** Without a trailing slash; may have a path. */
  readonly server: string;
  /** Of the context; `default` when it names none. */
  readonly namespace: string;
  /** For people: `context kind-shop`, `the pod's service account`. */
  readonly origin: string;
  readonly tls: ClusterTls;
  readonly credentials: Credentials;
}

export interface ClusterTls {
  /** PEM; null: the roots that Node.js knows. */
  readonly ca: string | null;
  readonly insecure: boolean;
  /** The name that the certificate must have, where it is not the URL's. */
  readonly serverName: string | null;
}

export interface AccessChoice {
  /** Null: KUBECONFIG, `~/.kube/config`, or the pod's own service account, in this order. */
  readonly kubeconfig: string | null;
  /** Null: the current one. */
  readonly context: string | null;
}

/** @throws WindlassError `kubernetes-config` when there is no access, or one that is not understood. */
export async function findAccess(around: Surroundings, choice: AccessChoice, clock: Clock): Promise<ClusterAccess> {
  const files = kubeconfigFiles(around, choice.kubeconfig);
  const config = await readKubeconfig(around, files);
  const fallsBack = choice.kubeconfig === null && choice.context === null;
  if (fallsBack && (config === null || config.contexts.size === 0)) {
    const pod = await inCluster(around, clock);
    if (pod !== null) return pod;
  }
  if (config === null)
    throw new WindlassError("kubernetes-config", `there is no kubeconfig (looked for ${files.join(", ")})`, {
      hint: "set KUBECONFIG where you deploy, or name the file in the environment: kubernetes: { kubeconfig: … }",
    });
  const name = choice.context ?? config.currentContext;
  if (name === null)
    throw new WindlassError("kubernetes-config", "the kubeconfig has no current context", {
      hint: `name one in the environment's target${listed(config.contexts)}`,
    });
  const context = config.contexts.get(name)?.value;
  if (context === undefined)
    throw new WindlassError("kubernetes-config", `the kubeconfig has no context ${name}`, {
      hint: `it must be one of its contexts${listed(config.contexts)}`,
    });
  const cluster = config.clusters.get(context.cluster ?? "");
  if (cluster === undefined)
    throw new WindlassError("kubernetes-config", `context ${name} names a cluster that the kubeconfig does not have`);
  const user = context.user === undefined ? null : (config.users.get(context.user) ?? null);
  if (context.user !== undefined && user === null)
    throw new WindlassError("kubernetes-config", `context ${name} names a user that the kubeconfig does not have`);
  const server = serverOf(cluster, name);
  const tls = await tlsOf(cluster, around, name);
  const credentials = userCredentials({ user, around, clock, info: clusterInfo(cluster.value, server, tls) });
  return { server, namespace: context.namespace ?? "default", origin: `context ${name}`, tls, credentials };
}

function serverOf({ value }: Entry<KubeconfigCluster>, context: string): string {
  const url = value.server !== undefined && URL.canParse(value.server) ? new URL(value.server) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw new WindlassError("kubernetes-config", `the cluster of context ${context} has no server URL`);
  if (value["proxy-url"] !== undefined)
    throw new WindlassError("kubernetes-config", `the cluster of context ${context} has a proxy-url`, {
      hint: "Windlass goes to API servers directly; run it where the server can be reached",
    });
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

async function tlsOf(
  { value, directory }: Entry<KubeconfigCluster>,
  around: Surroundings,
  context: string,
): Promise<ClusterTls> {
  const insecure = value["insecure-skip-tls-verify"];
  const data = value["certificate-authority-data"];
  const file = value["certificate-authority"];
  if (insecure && (data !== undefined || file !== undefined))
    throw new WindlassError(
      "kubernetes-config",
      `the cluster of context ${context} has a certificate authority and insecure-skip-tls-verify`,
      { hint: "remove one of the two" },
    );
  const serverName = value["tls-server-name"] ?? null;
  if (data !== undefined) return { ca: Buffer.from(data, "base64").toString("utf8"), insecure, serverName };
  if (file === undefined) return { ca: null, insecure, serverName };
  const ca = await requiredText(around, path.resolve(directory, file), "certificate-authority");
  return { ca, insecure, serverName };
}

/** What a credential plugin is told about the cluster when it asks for that. */
function clusterInfo(cluster: KubeconfigCluster, server: string, tls: ClusterTls): Record<string, unknown> {
  const extension = cluster.extensions.find(({ name }) => name === "client.authentication.k8s.io/exec");
  return {
    server,
    ...(tls.serverName === null ? {} : { "tls-server-name": tls.serverName }),
    ...(tls.insecure ? { "insecure-skip-tls-verify": true } : {}),
    ...(tls.ca === null ? {} : { "certificate-authority-data": Buffer.from(tls.ca).toString("base64") }),
    ...(extension === undefined ? {} : { config: extension.extension }),
  };
}

function listed(contexts: ReadonlyMap<string, unknown>): string {
  const names = [...contexts.keys()];
  return names.length === 0 ? "" : `: ${names.slice(0, 10).join(", ")}`;
}

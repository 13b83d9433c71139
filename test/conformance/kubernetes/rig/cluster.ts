import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { request } from "undici";
import { eventually } from "../../../scenario/lab/eventually.js";
import type { KubernetesObject, RigApi } from "./api.js";
import { requireBuilt } from "./build.js";
import { type ControlPlane, type ControlPlaneOptions, kubeconfigText, startControlPlane } from "./control-plane.js";
import { applyGatewayApi, type RigGateway, startGateway } from "./gateway.js";
import { KWOK_LABEL, type KwokOptions, startKwok } from "./kwok.js";
import { type RealNode, startNode } from "./node/node.js";
import type { RigProgram } from "./program.js";

const run = promisify(execFile);
/** What acts on what the API server says. */
const CONTROLLERS: ReadonlySet<string> = new Set(["kube-controller-manager", "kube-scheduler", "kwok"]);

export interface ClusterOptions extends ControlPlaneOptions {
  readonly kwok?: KwokOptions;
  /** This machine as the node `machine`, with a real kubelet: needs root. One such cluster at a time on a machine. */
  readonly kubelet?: true;
  /** `traefik`: Gateway API with an implementation; `api`: its definitions alone. */
  readonly gateway?: "traefik" | "api";
}

/** A real Kubernetes control plane of one story, on loopback, with what pods it has. `end()` leaves nothing. */
export class Cluster {
  private constructor(
    private readonly plane: ControlPlane,
    private readonly started: readonly RigProgram[],
    private readonly takeBack: readonly (() => Promise<void>)[],
    private readonly node: RealNode | null,
    private readonly traefik: RigGateway | null,
    /** A kubeconfig of a cluster administrator. */
    readonly kubeconfig: string,
  ) {}

  static async start(options: ClusterOptions): Promise<Cluster> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "windlass-kubernetes-"));
    const started: RigProgram[] = [];
    const takeBack: (() => Promise<void>)[] = [];
    let node: RealNode | null = null;
    try {
      const plane = await startControlPlane(folder, options, started);
      const admin = { commonName: "administrator", organisations: ["system:masters"] };
      if (options.kubelet === true) node = await startNode(plane, started, takeBack);
      const traefik = options.gateway === "traefik" ? await startGateway(plane, started) : null;
      if (options.gateway === "api") await applyGatewayApi(plane.api);
      const cluster = new Cluster(
        plane,
        started,
        takeBack,
        node,
        traefik,
        await plane.kubeconfig("administrator", admin),
      );
      if (options.kwok !== undefined) {
        await startKwok(plane, options.kwok, started);
      }
      await cluster.nodesReady((options.kwok?.nodes ?? 0) + (node === null ? 0 : 1));
      // Pods are refused until their namespace has its service account.
      await eventually("the default service account is there", () =>
        plane.api.get("/api/v1/namespaces/default/serviceaccounts/default").catch(() => null),
      );
      return cluster;
    } catch (error) {
      await endAll(folder, started, takeBack, node);
      throw error;
    }
  }

  /** Where its files and logs are, until it ends. */
  get folder(): string {
    return this.plane.folder;
  }

  /** Address of the API server. */
  get url(): string {
    return this.plane.url;
  }

  /** Of etcd's own HTTP API, for benchmarks that fill it. */
  get etcdUrl(): string {
    return this.plane.etcdUrl;
  }

  get api(): RigApi {
    return this.plane.api;
  }

  /** PEM text of the authority that signs the API server's certificate. */
  get ca(): string {
    return this.plane.authority.certificate;
  }

  get gateway(): RigGateway {
    if (this.traefik === null) throw new Error("the cluster was started without a gateway");
    return this.traefik;
  }

  /** One program, by its name: to pause, kill, or read its log. */
  program(name: string): RigProgram {
    const found = this.started.find((one) => one.name === name);
    if (found === undefined) throw new Error(`the cluster runs no ${name}`);
    return found;
  }

  /** Runs kubectl as administrator; gives what it printed, and fails with what it said otherwise. */
  async kubectl(argv: readonly string[]): Promise<string> {
    const { stdout } = await run(requireBuilt("kubectl"), [`--kubeconfig=${this.kubeconfig}`, ...argv], {
      env: { HOME: this.folder, PATH: process.env.PATH },
      timeout: 60_000,
      maxBuffer: 32 * 1024 * 1024,
    });
    return stdout;
  }

  /** A kubeconfig of a service account with a token, allowed what `rules` say (RBAC), in the whole cluster. */
  async kubeconfigFor(account: {
    readonly namespace: string;
    readonly name: string;
    readonly rules: readonly { apiGroups: readonly string[]; resources: readonly string[]; verbs: readonly string[] }[];
    /** Its rights hold in its own namespace alone. */
    readonly inside?: boolean;
  }): Promise<{ readonly file: string; readonly token: string }> {
    const { namespace, name } = account;
    const where = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`;
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    await this.api.apply(where, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
    await this.api.apply(`${rbac}/clusterroles/rig-${name}`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: `rig-${name}` },
      rules: account.rules,
    });
    const [scope, kind] =
      account.inside === true ? [`/namespaces/${namespace}/role`, "Role"] : ["/clusterrole", "ClusterRole"];
    await this.api.apply(`${rbac}${scope}bindings/rig-${name}`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: `${kind}Binding`,
      metadata: { name: `rig-${name}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `rig-${name}` },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    });
    return this.accountKubeconfig(namespace, name);
  }

  /** A kubeconfig of a service account that is there, with a token of an hour. */
  async accountKubeconfig(namespace: string, name: string): Promise<{ readonly file: string; readonly token: string }> {
    const where = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const asked = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } };
    const { status } = (await this.api.send("POST", where, asked)) as { status: { token: string } };
    const file = path.join(this.folder, `account-${name}.kubeconfig`);
    await writeFile(file, kubeconfigText(this.url, this.ca, { token: status.token }, namespace), { mode: 0o600 });
    return { file, token: status.token };
  }

  /** A kubeconfig of an administrator whose certificate expires after so many seconds; the API server then answers 401. */
  expiringKubeconfig(name: string, seconds: number): Promise<string> {
    return this.plane.kubeconfig(name, { commonName: name, organisations: ["system:masters"], seconds });
  }

  /** The API server stands still: connections stay open, and nothing is answered. */
  pauseApiServer(): void {
    this.plane.apiServer.pause();
  }

  resumeApiServer(): void {
    this.plane.apiServer.resume();
  }

  /**
   * Ends the API server (as a crash does, when `kill`), and starts it anew at the same address after so long, and its
   * controllers once it is there.
   */
  async restartApiServer(how: { readonly kill?: boolean; readonly downMs?: number } = {}): Promise<void> {
    await (how.kill === true ? this.plane.apiServer.kill() : this.plane.apiServer.end());
    if (how.downMs !== undefined) await new Promise((resolve) => setTimeout(resolve, how.downMs));
    await this.plane.apiServer.start();
    // They would look for it again after a minute, as often as it was away; a real cluster's lose their lease and begin anew.
    const controllers = this.started.filter(({ name }) => CONTROLLERS.has(name));
    await Promise.all(controllers.map((one) => one.kill().then(() => one.start())));
  }

  /**
   * Compacts etcd up to now. Lists that are half read end with 410; so do watches from an older version, at once
   * without a watch cache, and with one after the API server was restarted.
   */
  async compact(): Promise<void> {
    const range = (await this.#etcd("/v3/kv/range", { key: base64("\0") })) as { header: { revision: string } };
    await this.#etcd("/v3/kv/compaction", { revision: range.header.revision, physical: true });
  }

  /** Puts objects of a kind (`pods`) straight into etcd, thousands in a second: nobody validates them. */
  async fill(plural: string, objects: readonly KubernetesObject[]): Promise<void> {
    for (let start = 0; start < objects.length; start += ETCD_AT_ONCE) {
      const success = objects.slice(start, start + ETCD_AT_ONCE).map((object) => {
        const { namespace, name } = object.metadata;
        const key = base64(`/registry/${plural}/${namespace}/${name}`);
        return { requestPut: { key, value: base64(JSON.stringify(object)) } };
      });
      await this.#etcd("/v3/kv/txn", { success });
    }
  }

  async #etcd(path: string, body: unknown): Promise<unknown> {
    const answer = await request(`${this.plane.etcdUrl}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (answer.statusCode !== 200) throw new Error(`etcd answered ${answer.statusCode}: ${await answer.body.text()}`);
    return answer.body.json();
  }

  /** A node of KWOK vanishes: its heartbeats end, and nobody ends its pods any more. */
  async stopNode(name: string): Promise<void> {
    await this.api.merge(`/api/v1/nodes/${name}`, { metadata: { labels: { [KWOK_LABEL]: "no" } } });
  }

  /** Lets pods of the real node pull from a registry on loopback that speaks HTTP (`127.0.0.1:<port>`). */
  async allowRegistry(host: string): Promise<void> {
    if (this.node === null) throw new Error("only a real node pulls images");
    await this.node.containerd.allow(host);
  }

  async deleteNode(name: string): Promise<void> {
    await this.api.remove(`/api/v1/nodes/${name}`);
  }

  async nodesReady(count: number): Promise<void> {
    await eventually(
      `${count} nodes are ready`,
      async () =>
        (await this.api.list("/api/v1/nodes")).filter((node) => isReady(node) && !isTainted(node)).length >= count,
      () => this.started.map((program) => `${program.name}: ${program.tail(3)}`).join("\n"),
      120_000,
    );
  }

  /** Ends every program, the last started first, and removes every file. */
  async end(): Promise<void> {
    await endAll(this.folder, this.started, this.takeBack, this.node);
    await this.api.close();
  }
}

/** Operations in one transaction of etcd's. */
const ETCD_AT_ONCE = 100;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A control plane and, when asked for, fake nodes that play pods (see `FAULTS` in stages.ts). */
export function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return Cluster.start(options);
}

async function endAll(
  folder: string,
  programs: readonly RigProgram[],
  takeBack: readonly (() => Promise<void>)[],
  node: RealNode | null,
): Promise<void> {
  // First what would start containers anew, then the containers, then what they run in.
  await node?.kubelet.end();
  await node?.containerd.killAll();
  for (const program of [...programs].reverse()) await program.end();
  const failures: unknown[] = [];
  for (const undo of [...takeBack].reverse()) await undo().catch((error: unknown) => failures.push(error));
  await rm(folder, { recursive: true, force: true });
  if (failures.length > 0) throw new AggregateError(failures, "the rig could not take everything back");
}

/** Whether a node or a pod says of itself that it is ready. */
export function isReady(object: { readonly [field: string]: unknown }): boolean {
  const status = object.status as { conditions?: { type: string; status: string }[] } | undefined;
  return status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
}

/** A node that has just become ready takes pods a moment later only. */
function isTainted(node: { readonly [field: string]: unknown }): boolean {
  return ((node.spec as { taints?: readonly unknown[] }).taints ?? []).length > 0;
}
